import type { ErrorKind } from "../gen/faasm/rpc/v1/function_service_pb.ts"

/**
 * Runs functions. Everything that serves calls (the RPC service, the planner's HTTP dialect) goes
 * through it, so that slots and the queue are shared.
 */
export interface Invoker {
  /** Slots: the most calls that run at once. */
  readonly capacity: number
  /** The most calls that wait for a slot; one more is answered with `OVERLOADED`. */
  readonly queueLimit: number
  /** The largest input of a call, in bytes. */
  readonly maxInputBytes: number
  /** The largest output of a call, in bytes. */
  readonly maxOutputBytes: number
  /**
   * Starts a call, or queues it. Never throws; calls `done`, which must not throw, exactly once, possibly
   * before it returns.
   */
  submit(call: InvocationCall, done: (outcome: Outcome) => void): InvokerCall
}

/** One run of a function. */
export interface InvocationCall {
  /** Owner of the function. */
  user: string
  /** Name of the function. */
  function: string
  /** What the function reads. The invoker does not change it; the caller must not either, until `done`. */
  input: Uint8Array
  /** When the call fails with `TIMEOUT`, queued or running, on the clock of `performance.now()` (ms). */
  deadline: number
  /** W3C trace context of the caller, for the log. */
  traceparent?: string
  /** Asks for the optional parts of {@link CallTimings}. */
  detailedTimings?: boolean
  /** Wait for a slot, up to the queue's bound; else the call fails at once with `OVERLOADED` when no slot is free. */
  queue: boolean
}

/** Handle of a submitted call. */
export interface InvokerCall {
  /**
   * Gives the call up: unless it has been answered, `done` gets `CANCELLED`, at once. A call that runs
   * already is stopped. Does nothing after `done`.
   */
  cancel(): void
}

/** The one answer to a call. */
export type Outcome = CallOutput | CallFailure

/** The function ran to its end. */
export interface CallOutput {
  /** What the function wrote; the receiver's own. */
  output: Uint8Array
  error?: undefined
  timings: CallTimings
}

/** The call has no output. */
export interface CallFailure {
  output?: undefined
  error: {
    kind: ErrorKind
    /** For a person: names the function and the limit. */
    message: string
    /** True when the function may have run, wholly or partly. */
    mayHaveRun: boolean
    /** The function's exit code, when it ended itself with one that is not 0. */
    exitCode?: number
  }
  timings: CallTimings
}

/** Where a call's time went. */
export interface CallTimings {
  /** Microseconds from `submit` until the function started. */
  queuedUs: number
  /** Microseconds that the function ran. */
  executedUs: number
  /** The call had to wait for an instance to be created. */
  cold: boolean
  /** When the call was submitted, in microseconds of the machine's monotonic clock. */
  arrivedAtUs?: number
  /** The part of `queuedUs` in which an instance was made or taken. */
  instanceUs?: number
  /** Microseconds that it took to make the instance clean after its last call; 0 for a fresh one. */
  resetUs?: number
}
