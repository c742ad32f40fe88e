/** What a command can fail with by itself, beside the errors of the modules it drives. */
export type CliErrorCode = "bad-argument" | "app-not-loadable" | "no-build"

/** A command was used wrongly, or its surroundings are not as it needs them. */
export class CliError extends Error {
  override readonly name = "CliError"
  /** Tells the cases apart. */
  readonly code: CliErrorCode

  constructor(code: CliErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
