/** What kind of mistake a {@link GatewayError} reports. */
export type GatewayErrorCode =
  /** The build directory has no readable manifest or schema. */
  | "build_unreadable"
  /** The build was made by another version of this package. */
  | "build_format"
  /** The app's routes are not those of the build. */
  | "build_stale"
  /** The options contradict each other or name something unknown. */
  | "bad_options"
  /** A function answered something that is no Reply. */
  | "bad_reply"

/** The gateway can't be set up, or got an answer it can't use. The message says what to do about it. */
export class GatewayError extends Error {
  override readonly name = "GatewayError"
  /** What kind of mistake it is; stable, unlike the message. */
  readonly code: GatewayErrorCode

  constructor(code: GatewayErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}
