/** What a benchmark's surroundings can lack. */
export type BenchErrorCode = "missing-package" | "not-in-package" | "unreadable-report"

/** A benchmark or its report can't be had as asked for. */
export class BenchError extends Error {
  override readonly name = "BenchError"
  /** Tells the cases apart. */
  readonly code: BenchErrorCode

  constructor(code: BenchErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
