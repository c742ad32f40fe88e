import type { Code } from "@connectrpc/connect"
import type { ErrorKind, TimingsLevel } from "../gen/faasm/rpc/v1/function_service_pb.ts"
import { codeOfKind } from "../rpc/error-code.ts"

/** Runs functions somewhere else, by whatever way. */
export interface FunctionClient {
  /** Runs a function once. Rejects with {@link InvokeError} only. */
  invoke(call: FunctionCall): Promise<InvokeResult>
  /**
   * Whether a call would find a server now; waits a little for a connection that is being made.
   *
   * @param timeoutMs - longest wait, in ms; default 1,000
   */
  ready(timeoutMs?: number): Promise<boolean>
  /** Refuses new calls, waits for those under way, and ends all connections. */
  close(): Promise<void>
}

/** One run of a function. */
export interface FunctionCall {
  /** Owner of the function. */
  user: string
  /** Name of the function. */
  function: string
  /** What the function reads. Must not change until the call is answered. */
  input: Uint8Array
  /** Time until the call fails, waiting included, in ms. Default: the client's own. */
  timeoutMs?: number
  /** The call may run twice when an answer is lost (RFC 9110, section 9.2.2). */
  idempotent: boolean
  /** W3C trace context. */
  traceparent?: string
  /** How much of {@link CallTimings} the server is asked for. Default: nothing. */
  timings?: TimingsLevel
  /** Gives the call up: it rejects at once, and the server is told. */
  signal?: AbortSignal
}

/** What a function answered. */
export interface InvokeResult {
  /** What the function wrote. */
  output: Uint8Array
  /** Absent unless the call asked for it. The planner's client measures it in any case. */
  timings?: CallTimings
  /** How the call went: by FunctionService, or by the planner's HTTP/JSON dialect. */
  way: "rpc" | "planner"
}

/** Where a call's time went on the server. */
export interface CallTimings {
  /** Microseconds from arrival at the server until the function started. */
  queuedUs: number
  /** Microseconds that the function ran. */
  executedUs: number
  /** The call had to wait for a faaslet to be created. */
  cold: boolean
  /** When the call arrived, in microseconds of the server machine's monotonic clock. */
  arrivedAtUs?: number
  /** The part of `queuedUs` in which a faaslet was made or taken. */
  instanceUs?: number
  /** Microseconds that it took to make the faaslet clean after its last call. */
  resetUs?: number
}

/** Why a call has no output. */
export class InvokeError extends Error {
  override readonly name = "InvokeError"
  /** What went wrong. `UNAVAILABLE` is also the kind of everything that is wrong with the way to the server. */
  readonly kind: ErrorKind
  /** The Connect code: that of the kind, or more exactly what the server refused a connection with. */
  readonly code: Code
  /** The function may have run, wholly or partly. When false, the call can be repeated without harm. */
  readonly mayHaveRun: boolean

  constructor(
    kind: ErrorKind,
    message: string,
    options: { mayHaveRun: boolean; code?: Code; cause?: unknown },
  ) {
    super(message, { cause: options.cause })
    this.kind = kind
    this.code = options.code ?? codeOfKind(kind)
    this.mayHaveRun = options.mayHaveRun
  }
}
