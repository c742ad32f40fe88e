import type { Invoker } from "../invoker.ts"

/** Options of a FunctionService; what they limit, the contract's Limits tell to clients. */
export interface FunctionServiceOptions {
  /** Time limit of a call that carries none, in ms. Default 30,000. */
  timeoutMs?: number
  /** Longest time limit of a call, in ms; longer ones mean that. Default 10 minutes. */
  maxTimeoutMs?: number
  /** Largest frame that a client may send, in bytes. Default 1 MiB. */
  maxFrameBytes?: number
  /** How long a session without a stream is kept, in ms. Default 30,000. */
  resumeWindowMs?: number
  /** Most bytes of results without acknowledgement in a session; above it no further call starts. Default 16 MiB. */
  maxRetainedBytes?: number
  /**
   * From how many bytes, of results without acknowledgement and of inputs held back in all sessions together, sessions
   * with more than their equal share have to wait. Default 256 MiB.
   */
  maxKeptBytes?: number
  /** Most sessions, those without a stream included. Default 1,000. */
  maxSessions?: number
  /** Most bindings of a stream. Default 10,000. */
  maxBindings?: number
  /** Most calls that a session may have unanswered. Default: the invoker's slots and queue, at most 1,024. */
  credits?: number
}

/** The limits of a FunctionService. */
export type ServiceLimits = Required<FunctionServiceOptions>

/** Fills in what the options leave open. */
export function serviceLimits(options: FunctionServiceOptions, invoker: Invoker): ServiceLimits {
  return {
    timeoutMs: options.timeoutMs ?? 30_000,
    maxTimeoutMs: options.maxTimeoutMs ?? 600_000,
    maxFrameBytes: options.maxFrameBytes ?? 1024 * 1024,
    resumeWindowMs: options.resumeWindowMs ?? 30_000,
    maxRetainedBytes: options.maxRetainedBytes ?? 16 * 1024 * 1024,
    maxKeptBytes: options.maxKeptBytes ?? 256 * 1024 * 1024,
    maxSessions: options.maxSessions ?? 1000,
    maxBindings: options.maxBindings ?? 10_000,
    credits: options.credits ?? Math.max(1, Math.min(1024, invoker.capacity + invoker.queueLimit)),
  }
}

/** When a call that asks for `timeoutMs` (0: the default) has to be answered, on the clock of `performance.now()`. */
export function deadlineOf(timeoutMs: number, limits: ServiceLimits): number {
  return performance.now() + Math.min(timeoutMs || limits.timeoutMs, limits.maxTimeoutMs)
}
