import { ErrorKind } from "../../src/gen/faasm/rpc/v1/function_service_pb.ts"
import type { CallTimings, InvocationCall, Invoker, InvokerCall, Outcome } from "../../src/runtime/invoker.ts"

/** Runs functions in this process: `echo`, `slow` (answers after the milliseconds in its input), `never`, `trap`, `big`. */
export class TestInvoker implements Invoker {
  readonly capacity = 64
  readonly queueLimit: number = 2000
  readonly maxInputBytes = 8 * 1024 * 1024
  readonly maxOutputBytes = 8 * 1024 * 1024
  /** How often each input has been run. */
  readonly runs = new Map<string, number>()
  readonly calls: InvocationCall[] = []
  readonly #open = new Set<() => void>()
  record = true
  /** Delay of `echo`, in ms; undefined answers at once. */
  delay: (() => number) | undefined

  get running(): number {
    return this.#open.size
  }

  submit(call: InvocationCall, done: (outcome: Outcome) => void): InvokerCall {
    if (this.record) {
      this.calls.push(call)
      const key = Buffer.from(call.input).toString("latin1")
      this.runs.set(key, (this.runs.get(key) ?? 0) + 1)
    }
    const timings: CallTimings = { queuedUs: 1, executedUs: 2, cold: false }
    if (call.detailedTimings) timings.arrivedAtUs = Number(process.hrtime.bigint() / 1000n)
    let timer: NodeJS.Timeout | undefined
    const finish = (outcome: Outcome) => {
      if (!this.#open.delete(cancel)) return
      clearTimeout(timer)
      done(outcome)
    }
    const fail = (kind: ErrorKind, mayHaveRun: boolean) =>
      finish({ error: { kind, message: `${call.user}/${call.function} failed`, mayHaveRun }, timings })
    const cancel = () => fail(ErrorKind.CANCELLED, true)
    this.#open.add(cancel)
    const answer = () => finish({ output: new Uint8Array(call.input), timings })
    switch (call.function) {
      case "echo":
        if (this.delay) timer = setTimeout(answer, this.delay())
        else answer()
        break
      case "slow":
        timer = setTimeout(answer, Number(Buffer.from(call.input).toString()))
        break
      case "never":
        timer = setTimeout(() => fail(ErrorKind.TIMEOUT, true), call.deadline - performance.now())
        break
      case "trap":
        fail(ErrorKind.TRAP, true)
        break
      case "big":
        finish({ output: new Uint8Array(Number(Buffer.from(call.input).toString())), timings })
        break
      default:
        fail(ErrorKind.UNKNOWN_FUNCTION, false)
    }
    return { cancel }
  }
}
