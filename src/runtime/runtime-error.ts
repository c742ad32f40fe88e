/** Why the runtime refused something; see {@link RuntimeError}. */
export type RuntimeErrorCode =
  /** The uploaded bytes are not a function: not WebAssembly, an unknown import, no `_start`. */
  | "invalid-function"
  /** The runtime has no room for another function, or for one of this size. */
  | "limit"
  /** The runtime could not start: the port is taken, a worker thread failed. */
  | "start-failed"
  /** The runtime has been closed. */
  | "closed"

/** An error of the embedded runtime that is not the outcome of a call. */
export class RuntimeError extends Error {
  /** What kind of error it is. */
  readonly code: RuntimeErrorCode

  constructor(code: RuntimeErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = "RuntimeError"
    this.code = code
  }
}
