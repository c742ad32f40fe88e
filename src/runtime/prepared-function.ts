/** A function that workers can instantiate; it can be sent to them as it is. */
export interface PreparedFunction {
  /** Compiled, instrumented when `reset` says so, and with its memory limited. */
  module: WebAssembly.Module
  /** How to put an instance back after a call; absent when every call needs a fresh instance. */
  reset?: ResetPlan
  /** Why there is no {@link PreparedFunction.reset}. */
  notResettable?: string
  /** It runs code when instantiated, so that an instance can't be made ahead of a call. */
  hasStart: boolean
}

/** How an instance is put back after a call. */
export interface ResetPlan {
  /** Bytes of the card table before the guest's memory; see card-table.ts. */
  base: number
  /** Bytes of the guest's memory when it is instantiated. */
  memoryBytes: number
  /** What that memory holds; zero elsewhere. */
  segments: { offset: number; bytes: Uint8Array }[]
}

/** Export of an instrumented module that puts back its globals. */
export const RESET_EXPORT = "hono_faasm.reset"

/** Export of an instrumented module: a global that is 1 when its memory could not grow. */
export const GROW_FAILED_EXPORT = "hono_faasm.grow_failed"
