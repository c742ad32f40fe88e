import type { Worker } from "node:worker_threads"
import type { ErrorKind } from "../gen/faasm/rpc/v1/function_service_pb.ts"
import { monotonicOffsetMs } from "../monotonic-clock.ts"
import type { StoredFunction } from "./function-store.ts"
import { type Mailbox, type MailboxSize, openMailbox, TIME, WORD } from "./mailbox.ts"
import { spawnWorker } from "./spawn-worker.ts"
import type { FromWorker, ToWorker, WorkerStart } from "./worker-protocol.ts"

/** `Atomics.waitAsync`, which is not yet in the library that TypeScript targets. */
const { waitAsync } = Atomics as unknown as {
  waitAsync(words: Int32Array, index: number, value: number): { async: boolean; value: unknown }
}

/** Limits of a worker. */
export interface WorkerLimits extends MailboxSize {
  /** Memory that one worker's idle instances may have together, in bytes. */
  maxWarmBytes: number
  /** When an idle instance is given up, in milliseconds. */
  idleMs: number
  /** Most bytes that a function may print in a call. */
  maxLogBytes: number
}

/** What a worker tells. */
export interface WorkerEvents {
  ready(worker: WorkerThread): void
  /** The call that was started is over. */
  result(worker: WorkerThread, result: WorkerResult): void
  /** The thread is gone, whoever ended it. */
  exit(worker: WorkerThread, error: Error | undefined): void
  log(name: string, text: string): void
}

/** How a call ended in the worker. */
export interface WorkerResult {
  output: Uint8Array
  error: { kind: ErrorKind; message: string; exitCode: number } | undefined
  /** When the guest was entered, on `performance.now()`; 0 if it was not. */
  enteredAt: number
  /** When it was left. */
  leftAt: number
  cold: boolean
  /** How long it took to take an instance, or to make one, in milliseconds. */
  instanceMs: number
  /** How long it took to make it clean after its last call, in milliseconds. */
  resetMs: number
}

/** A worker thread as the main thread sees it: a slot that runs one call at a time. */
export class WorkerThread {
  /** Functions that the thread has been given, by {@link StoredFunction.id}. */
  readonly functions = new Set<number>()
  readonly #mailbox: Mailbox
  readonly #worker: Worker
  readonly #events: WorkerEvents
  #call = 0
  #gone = false

  constructor(limits: WorkerLimits, events: WorkerEvents) {
    this.#events = events
    this.#mailbox = openMailbox(limits)
    const start: WorkerStart = {
      mailbox: this.#mailbox.buffer,
      size: { maxInputBytes: limits.maxInputBytes, maxOutputBytes: limits.maxOutputBytes },
      clockOffset: monotonicOffsetMs(),
      maxWarmBytes: limits.maxWarmBytes,
      idleMs: limits.idleMs,
      maxLogBytes: limits.maxLogBytes,
    }
    this.#worker = spawnWorker("worker", import.meta.url, {
      name: "hono-faasm worker",
      workerData: start,
    })
    let failure: Error | undefined
    this.#worker.on("message", (message: FromWorker) => {
      if (message.kind === "log") events.log(message.name, message.text)
      else if (!this.#gone) events.ready(this)
    })
    this.#worker.on("error", (error) => {
      failure = error as Error
    })
    this.#worker.on("exit", () => {
      this.#gone = true
      events.exit(this, failure)
    })
  }

  /** The call that was started last has got as far as the guest. */
  get entered(): boolean {
    return Atomics.load(this.#mailbox.words, WORD.entered) === this.#call
  }

  /** Starts a call; only when no other is under way. */
  start(stored: StoredFunction, input: Uint8Array): void {
    const { words } = this.#mailbox
    if (!this.functions.has(stored.id)) {
      this.functions.add(stored.id)
      this.#post({ kind: "load", id: stored.id, name: stored.name, prepared: stored.prepared })
    }
    this.#mailbox.input.set(input)
    this.#mailbox.times[TIME.entered] = 0
    words[WORD.inputBytes] = input.length
    words[WORD.functionId] = stored.id
    this.#call = (this.#call + 1) | 0
    const seen = Atomics.load(words, WORD.result)
    Atomics.store(words, WORD.call, this.#call)
    this.#wake()
    this.#awaitResult(seen)
  }

  /** Waits until the worker has counted another result than those seen. */
  #awaitResult(seen: number): void {
    const { words } = this.#mailbox
    const wait = waitAsync(words, WORD.result, seen)
    if (!wait.async) {
      queueMicrotask(() => this.#finish())
      return
    }
    const woken = wait.value as Promise<string>
    woken.then(() => {
      // Between counting the last call's result and notifying of it, the worker may have been stopped by the system for
      // long enough that this call's wait is what it wakes: only the count tells that a result is this call's.
      if (!this.#gone && Atomics.load(words, WORD.result) === seen) this.#awaitResult(seen)
      else this.#finish()
    })
  }

  /** Gives up the thread's instances, of one function or of all. */
  forget(functionId?: number): void {
    if (functionId === undefined) this.#post({ kind: "flush" })
    else if (this.functions.delete(functionId)) this.#post({ kind: "drop", id: functionId })
    else return
    this.#wake()
  }

  /** Ends the thread, whatever it is doing. {@link WorkerEvents.exit} follows. */
  async stop(): Promise<void> {
    this.#gone = true
    await this.#worker.terminate()
    // Releases the wait for a result that will not come.
    Atomics.notify(this.#mailbox.words, WORD.result)
  }

  #finish(): void {
    if (this.#gone) return
    const { words, times, result } = this.#mailbox
    const kind = words[WORD.errorKind]! as ErrorKind | 0
    const bytes = result.slice(0, words[WORD.resultBytes])
    this.#events.result(this, {
      output: bytes,
      error:
        kind === 0
          ? undefined
          : { kind, message: Buffer.from(bytes).toString("utf8"), exitCode: words[WORD.exitCode]! },
      enteredAt: times[TIME.entered]!,
      leftAt: times[TIME.left]!,
      cold: words[WORD.cold] === 1,
      instanceMs: times[TIME.instance]!,
      resetMs: times[TIME.reset]!,
    })
  }

  #post(message: ToWorker): void {
    this.#worker.postMessage(message)
    Atomics.add(this.#mailbox.words, WORD.posted, 1)
  }

  #wake(): void {
    Atomics.add(this.#mailbox.words, WORD.request, 1)
    Atomics.notify(this.#mailbox.words, WORD.request)
  }
}
