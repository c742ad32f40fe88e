import { Code } from "@connectrpc/connect"
import { MalformedFrameError } from "../../rpc/malformed-frame-error.ts"

/** The server's end of a stream, whatever protocol it came by. */
export interface FramePort {
  /**
   * Sends an encoded frame, in its envelope. `written` is called when the next one may be sent: what is answered
   * until then goes into one frame. Does nothing after the stream's end.
   */
  write(frame: Buffer, written: () => void): void
  /** Ends the stream, with an error or without. */
  end(error?: StreamError): void
}

/** Ends the stream of whoever causes it, as the contract's comment on Channel says. */
export class StreamError extends Error {
  override readonly name = "StreamError"
  readonly code: Code

  constructor(code: Code, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }

  /** What to end a stream with after `error` was thrown by one of its frames. */
  static from(error: unknown): StreamError {
    if (error instanceof StreamError) return error
    if (error instanceof MalformedFrameError) {
      const code = error.code === "too-large" ? Code.ResourceExhausted : Code.InvalidArgument
      return new StreamError(code, error.message, { cause: error })
    }
    return new StreamError(Code.Internal, "the server failed to handle a frame", { cause: error })
  }
}
