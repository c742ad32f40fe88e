/** Why bytes are no frame. */
export type MalformedFrameCode =
  /** Not the protobuf that the contract says, or not a Connect envelope. */
  | "malformed"
  /** Larger than the reader accepts. */
  | "too-large"

/** Bytes from the other side can't be read as frames of the channel; the stream that brought them has to end. */
export class MalformedFrameError extends Error {
  override readonly name = "MalformedFrameError"
  readonly code: MalformedFrameCode

  constructor(code: MalformedFrameCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}
