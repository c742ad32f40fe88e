/** Codes of {@link ServiceError}. */
export type ServiceErrorCode =
  /** The build's schema lacks the service, or a route's method: it is of another version. Build again. */
  | "bad_schema"
  /** The address can't be listened on. */
  | "listen_failed"

/** The public service can't be set up. */
export class ServiceError extends Error {
  override readonly name = "ServiceError"
  readonly code: ServiceErrorCode

  constructor(code: ServiceErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}
