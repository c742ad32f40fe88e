import { ErrorKind } from "../gen/faasm/rpc/v1/function_service_pb.ts"
import { monotonicOffsetMs } from "../monotonic-clock.ts"
import type { FunctionStore, StoredFunction } from "./function-store.ts"
import type { CallTimings, InvocationCall, Invoker, InvokerCall, Outcome } from "./invoker.ts"
import { RuntimeError } from "./runtime-error.ts"
import { type WorkerEvents, type WorkerLimits, type WorkerResult, WorkerThread } from "./worker-thread.ts"

/** Limits of a pool. */
export interface WorkerPoolOptions extends WorkerLimits {
  /** Worker threads: the most calls that run at once. */
  slots: number
  /** The most calls that wait. */
  queueLimit: number
  /** Most bytes of input of the calls that wait. */
  maxQueuedBytes: number
}

/** What a pool reports beside the outcomes of calls. */
export interface WorkerPoolLog {
  /** A line that a function printed. */
  print(name: string, text: string): void
  /** A call failed by what its function did, or a worker thread died by itself. */
  event(message: string): void
}

/** A call on its way. */
interface PendingCall {
  call: InvocationCall
  readonly stored: StoredFunction
  readonly done: (outcome: Outcome) => void
  readonly submittedAt: number
  /** When the call is ended: its deadline, or shortly after it has been cancelled. */
  endsAt: number
  startedAt: number
  answered: boolean
}

/** Failures that come from what a function does, or from what runs it, rather than from its caller. */
const LOGGED = new Set([
  ErrorKind.TRAP,
  ErrorKind.TIMEOUT,
  ErrorKind.OUT_OF_MEMORY,
  ErrorKind.OUTPUT_TOO_LARGE,
  ErrorKind.INVALID_FUNCTION,
])

/** How long a cancelled call may run on before its worker is ended: a new thread costs more. */
const CANCEL_GRACE_MS = 100

/** Pause before a worker is replaced that died before it was ready, doubled each time, in milliseconds. */
const RESTART_MS = { first: 100, most: 5000 }

/** Runs calls in worker threads; what finds no free slot waits in a bounded queue, first come first served. */
export class WorkerPool implements Invoker {
  readonly capacity: number
  readonly queueLimit: number
  readonly maxInputBytes: number
  readonly maxOutputBytes: number
  readonly #options: WorkerPoolOptions
  readonly #store: Pick<FunctionStore, "get">
  readonly #log: WorkerPoolLog
  readonly #events: WorkerEvents
  readonly #workers = new Set<WorkerThread>()
  /** Free workers, the last used last. */
  readonly #idle: WorkerThread[] = []
  readonly #running = new Map<WorkerThread, PendingCall>()
  readonly #queue = new Set<PendingCall>()
  readonly #restarts = new Set<NodeJS.Timeout>()
  readonly #clockOffset = monotonicOffsetMs()
  #queuedBytes = 0
  #failedStarts = 0
  #sweep: { at: number; timer: NodeJS.Timeout } | undefined
  #closed = false
  readonly #drainWaiters = new Set<() => void>()
  #onReady: ((error?: Error) => void) | undefined

  constructor(options: WorkerPoolOptions, store: Pick<FunctionStore, "get">, log: WorkerPoolLog) {
    this.capacity = options.slots
    this.queueLimit = options.queueLimit
    this.maxInputBytes = options.maxInputBytes
    this.maxOutputBytes = options.maxOutputBytes
    this.#options = options
    this.#store = store
    this.#log = log
    this.#events = {
      ready: (worker) => {
        this.#failedStarts = 0
        this.#free(worker)
        this.#onReady?.()
      },
      result: (worker, result) => this.#finished(worker, result),
      exit: (worker, error) => this.#exited(worker, error),
      log: (name, text) => log.print(name, text),
    }
  }

  /** Slots that a call could have at once. */
  get freeSlots(): number {
    return this.#queue.size > 0 ? 0 : this.#idle.length
  }

  /** Starts the workers, and waits for all of them. */
  async start(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#onReady = (error) => {
        if (error)
          reject(
            new RuntimeError("start-failed", `a worker thread failed: ${error.message}`, { cause: error }),
          )
        else if (this.#idle.length === this.capacity) resolve()
      }
      for (let slot = 0; slot < this.capacity; slot++) this.#spawn()
    })
    this.#onReady = undefined
  }

  submit(call: InvocationCall, done: (outcome: Outcome) => void): InvokerCall {
    const submittedAt = performance.now()
    const refuse = (kind: ErrorKind, message: string): InvokerCall => {
      done({
        error: { kind, message, mayHaveRun: false },
        timings: { queuedUs: 0, executedUs: 0, cold: false },
      })
      return { cancel: () => {} }
    }
    const name = `${call.user}/${call.function}`
    if (this.#closed)
      return refuse(ErrorKind.UNAVAILABLE, `${name} has not been called: the runtime is shutting down`)
    const stored = this.#store.get(call.user, call.function)
    if (!stored) return refuse(ErrorKind.UNKNOWN_FUNCTION, `there is no function ${name}`)
    if (call.input.length > this.maxInputBytes)
      return refuse(
        ErrorKind.INPUT_TOO_LARGE,
        `the input for ${name} has ${call.input.length} bytes; ${this.maxInputBytes} are allowed`,
      )
    if (call.deadline <= submittedAt)
      return refuse(ErrorKind.TIMEOUT, `the time for ${name} had run out on arrival`)
    const pending: PendingCall = {
      call,
      stored,
      done,
      submittedAt,
      endsAt: call.deadline,
      startedAt: 0,
      answered: false,
    }
    if (this.freeSlots > 0) this.#run(this.#pick(stored.id), pending)
    else if (!call.queue) return refuse(ErrorKind.OVERLOADED, `no slot is free for ${name}`)
    else if (
      this.#queue.size >= this.queueLimit ||
      this.#queuedBytes + call.input.length > this.#options.maxQueuedBytes
    )
      return refuse(ErrorKind.OVERLOADED, `the queue is full: ${this.#queue.size} calls wait, ${name} can't`)
    else {
      pending.call = withOwnInput(call)
      this.#queue.add(pending)
      this.#queuedBytes += call.input.length
    }
    this.#sweepBy(pending.endsAt)
    return { cancel: () => this.#cancel(pending) }
  }

  /** Gives up every warm instance; calls under way are not touched. */
  flush(): void {
    for (const worker of this.#workers) worker.forget()
  }

  /** Gives up the instances of a function that has been replaced. */
  forget(stored: StoredFunction): void {
    for (const worker of this.#workers) worker.forget(stored.id)
  }

  /**
   * Refuses new calls, waits for those under way, and ends the workers.
   *
   * @param graceMs Milliseconds to wait; calls that are left then end with `UNAVAILABLE`.
   */
  async close(graceMs: number): Promise<void> {
    this.#closed = true
    if (this.#running.size + this.#queue.size > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, graceMs)
        this.#drainWaiters.add(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
    clearTimeout(this.#sweep?.timer)
    for (const timer of this.#restarts) clearTimeout(timer)
    for (const pending of [...this.#queue])
      this.#drop(pending, ErrorKind.UNAVAILABLE, "the runtime has shut down")
    for (const pending of this.#running.values())
      this.#fail(pending, ErrorKind.UNAVAILABLE, "the runtime has shut down")
    await Promise.all([...this.#workers].map((worker) => worker.stop()))
  }

  #spawn(): void {
    this.#workers.add(new WorkerThread(this.#options, this.#events))
  }

  /** A free worker: one that has the function, else the last used. */
  #pick(functionId: number): WorkerThread {
    for (let index = this.#idle.length - 1; index >= 0; index--) {
      if (this.#idle[index]!.functions.has(functionId)) return this.#idle.splice(index, 1)[0]!
    }
    return this.#idle.pop()!
  }

  #run(worker: WorkerThread, pending: PendingCall): void {
    pending.startedAt = performance.now()
    this.#running.set(worker, pending)
    // The newest upload, also for a call that waited.
    const stored = this.#store.get(pending.call.user, pending.call.function) ?? pending.stored
    worker.start(stored, pending.call.input)
  }

  /** Lets the next call in, or the worker rest. */
  #free(worker: WorkerThread): void {
    const next = this.#queue.values().next().value
    if (next) {
      this.#dequeue(next)
      this.#run(worker, next)
    } else {
      this.#idle.push(worker)
      this.#checkDrained()
    }
  }

  #checkDrained(): void {
    if (this.#running.size + this.#queue.size > 0) return
    for (const resolve of this.#drainWaiters) resolve()
    this.#drainWaiters.clear()
  }

  #dequeue(pending: PendingCall): void {
    this.#queue.delete(pending)
    this.#queuedBytes -= pending.call.input.length
  }

  #finished(worker: WorkerThread, result: WorkerResult): void {
    const pending = this.#running.get(worker)
    this.#running.delete(worker)
    // The next call starts before this one's answer is worked on.
    this.#free(worker)
    if (!pending || pending.answered) return
    pending.answered = true
    const entered = result.enteredAt > 0
    const timings: CallTimings = {
      queuedUs: microseconds((entered ? result.enteredAt : performance.now()) - pending.submittedAt),
      executedUs: entered ? microseconds(result.leftAt - result.enteredAt) : 0,
      cold: result.cold,
    }
    if (pending.call.detailedTimings) {
      timings.arrivedAtUs = microseconds(pending.submittedAt + this.#clockOffset)
      timings.instanceUs = microseconds(result.instanceMs)
      timings.resetUs = microseconds(result.resetMs)
    }
    if (!result.error) {
      pending.done({ output: result.output, timings })
      return
    }
    const { kind, message, exitCode } = result.error
    this.#logFailure(pending, kind, message)
    pending.done({
      error: { kind, message, mayHaveRun: entered, ...(exitCode !== 0 && { exitCode }) },
      timings,
    })
  }

  #exited(worker: WorkerThread, error: Error | undefined): void {
    this.#workers.delete(worker)
    const index = this.#idle.indexOf(worker)
    const wasReady = index >= 0 || this.#running.has(worker)
    if (index >= 0) this.#idle.splice(index, 1)
    const pending = this.#running.get(worker)
    this.#running.delete(worker)
    if (pending && !pending.answered) {
      const reason = error?.message ?? "it ended by itself"
      this.#log.event(`a worker died while it ran ${pending.stored.name}: ${reason}`)
      this.#fail(pending, ErrorKind.UNAVAILABLE, `the worker that ran it died: ${reason}`, worker.entered)
    } else if (!pending && !this.#closed)
      this.#log.event(`an idle worker died: ${error?.message ?? "no reason"}`)
    this.#checkDrained()
    if (this.#closed) return
    if (wasReady) this.#spawn()
    else {
      this.#onReady?.(error ?? new Error("it ended before it was ready"))
      const timer = setTimeout(
        () => {
          this.#restarts.delete(timer)
          this.#spawn()
        },
        Math.min(RESTART_MS.first * 2 ** this.#failedStarts++, RESTART_MS.most),
      )
      this.#restarts.add(timer)
    }
  }

  #cancel(pending: PendingCall): void {
    if (pending.answered) return
    if (this.#queue.has(pending)) {
      this.#drop(pending, ErrorKind.CANCELLED, "the call was cancelled")
      return
    }
    this.#fail(pending, ErrorKind.CANCELLED, "the call was cancelled while it ran")
    pending.endsAt = Math.min(pending.endsAt, performance.now() + CANCEL_GRACE_MS)
    this.#sweepBy(pending.endsAt)
  }

  /** Answers a call that waits. */
  #drop(pending: PendingCall, kind: ErrorKind, reason: string): void {
    this.#dequeue(pending)
    this.#fail(pending, kind, reason, false)
    this.#checkDrained()
  }

  #fail(pending: PendingCall, kind: ErrorKind, reason: string, mayHaveRun = true): void {
    if (pending.answered) return
    pending.answered = true
    const now = performance.now()
    const message = `${pending.stored.name}: ${reason}`
    this.#logFailure(pending, kind, message)
    pending.done({
      error: { kind, message, mayHaveRun },
      timings: {
        queuedUs: microseconds((pending.startedAt || now) - pending.submittedAt),
        executedUs: pending.startedAt === 0 ? 0 : microseconds(now - pending.startedAt),
        cold: false,
      },
    })
  }

  #logFailure({ call: { traceparent } }: PendingCall, kind: ErrorKind, message: string): void {
    if (!LOGGED.has(kind)) return
    const trace = traceparent && /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(traceparent)
    this.#log.event(trace ? `${message} (trace ${trace[1]})` : message)
  }

  /** One timer for all calls, armed for the first deadline; most calls are long done by then. */
  #sweepBy(at: number): void {
    if (this.#sweep && this.#sweep.at <= at) return
    clearTimeout(this.#sweep?.timer)
    const delay = Math.min(Math.max(0, Math.ceil(at - performance.now())), 2 ** 31 - 1)
    const timer = setTimeout(() => this.#endOverdue(), delay)
    timer.unref()
    this.#sweep = { at, timer }
  }

  #endOverdue(): void {
    this.#sweep = undefined
    const now = performance.now()
    let next = Number.POSITIVE_INFINITY
    for (const pending of [...this.#queue]) {
      if (pending.endsAt > now) next = Math.min(next, pending.endsAt)
      else this.#drop(pending, ErrorKind.TIMEOUT, `no slot was free for ${elapsed(pending, now)} ms`)
    }
    for (const [worker, pending] of this.#running) {
      if (pending.endsAt > now) {
        next = Math.min(next, pending.endsAt)
        continue
      }
      pending.endsAt = Number.POSITIVE_INFINITY
      this.#fail(
        pending,
        ErrorKind.TIMEOUT,
        `it was ended after ${elapsed(pending, now)} ms, the call's time limit`,
      )
      // Nothing else stops a guest that loops. A new worker follows when this one is gone.
      void worker.stop()
    }
    if (next !== Number.POSITIVE_INFINITY) this.#sweepBy(next)
  }
}

function elapsed(pending: PendingCall, now: number): number {
  return Math.round(now - pending.submittedAt)
}

function microseconds(milliseconds: number): number {
  return Math.max(0, Math.round(milliseconds * 1000))
}

/** Buffers up to so many bytes may be kept for the sake of a small input in them. */
const MOST_KEPT_BYTES = 64 * 1024

/** A view of a large frame would keep all of it for as long as the call waits. */
function withOwnInput(call: InvocationCall): InvocationCall {
  const { byteLength } = call.input.buffer
  if (byteLength <= MOST_KEPT_BYTES || byteLength <= 2 * call.input.length) return call
  // A Buffer's slice would be a view as well.
  return { ...call, input: new Uint8Array(call.input) }
}
