/** What can be wrong with bytes that should be a message. */
export type CodecErrorCode = "malformed" | "too_deep" | "too_large" | "not_convertible"

/** Bytes are not a message of the expected type, or a message can't be given to JavaScript. */
export class CodecError extends Error {
  override readonly name = "CodecError"
  /** Tells the cases apart. */
  readonly code: CodecErrorCode

  constructor(code: CodecErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Most levels of messages in messages, both ways. */
export const MAX_DEPTH = 100
