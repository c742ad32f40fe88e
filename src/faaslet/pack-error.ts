/** What went wrong while a function was packed. */
export type PackErrorCode =
  /** The glue or the engine could not be compiled, merged or optimised: a broken installation. */
  | "toolchain"
  /** The bundle does not parse, or threw while it was initialised. */
  | "bundle"
  /** The schema has what the guest's codec can't do. */
  | "schema"
  /** The app's initial state does not fit into the function's memory. */
  | "memory"

/** Thrown by `packFaaslet`. */
export class PackError extends Error {
  override readonly name = "PackError"

  /** What kind of problem it is. */
  readonly code: PackErrorCode

  constructor(code: PackErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
