/** Why a build failed. */
export type BuildErrorCode =
  /** The app's file does not exist or can't be read. */
  | "app_not_found"
  /** The app's modules can't be bundled: a syntax error, an import that leads nowhere, top-level await. */
  | "bundle_failed"
  /** Loading the app in the guest failed. */
  | "load_failed"
  /** An override names no route of the app. */
  | "unknown_route"
  /** The build directory can't be written or read. */
  | "directory"

/** A build that failed. The message says what to do. */
export class BuildError extends Error {
  override readonly name = "BuildError"
  readonly code: BuildErrorCode

  constructor(code: BuildErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
