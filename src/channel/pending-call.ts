import type { FunctionCall, InvokeError, InvokeResult } from "./function-client.ts"

/** A call that waits or is under way. */
export class PendingCall {
  readonly call: FunctionCall
  readonly timeoutMs: number
  readonly startedAt: number
  /** When the caller is answered at the latest, on the clock of `performance.now()`. */
  readonly deadline: number
  readonly promise: Promise<InvokeResult>
  /** Called when the caller gets its answer. */
  onSettled = () => {}
  /** The caller has its answer. */
  settled = false
  /** The session that the call was sent in last, and its id there. */
  session: { abandon(call: PendingCall): boolean } | undefined
  id = 0
  /** An earlier attempt may have run. */
  mayHaveRun = false
  #resolve!: (result: InvokeResult) => void
  #reject!: (error: InvokeError) => void
  #onAbort: (() => void) | undefined

  constructor(call: FunctionCall, timeoutMs: number) {
    this.call = call
    this.timeoutMs = timeoutMs
    this.startedAt = performance.now()
    this.deadline = this.startedAt + timeoutMs
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  /** The function's name, for messages. */
  get name(): string {
    return `${this.call.user}/${this.call.function}`
  }

  /** Calls `listener` when the caller gives the call up. */
  onAbort(listener: () => void): void {
    this.#onAbort = listener
    this.call.signal?.addEventListener("abort", listener)
  }

  resolve(result: InvokeResult): void {
    if (this.#settle()) this.#resolve(result)
  }

  reject(error: InvokeError): void {
    if (this.#settle()) this.#reject(error)
  }

  #settle(): boolean {
    if (this.settled) return false
    this.settled = true
    this.onSettled()
    if (this.#onAbort) this.call.signal?.removeEventListener("abort", this.#onAbort)
    return true
  }
}
