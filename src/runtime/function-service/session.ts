import { Code } from "@connectrpc/connect"
import { ErrorKind, TimingsLevel } from "../../gen/faasm/rpc/v1/function_service_pb.ts"
import type { ClientFrame, FrameBinding, FrameCall } from "../../rpc/client-frame.ts"
import {
  encodeServerFrame,
  type FrameResult,
  resultFieldSize,
  type ServerFrameInit,
} from "../../rpc/server-frame.ts"
import type { Invoker, InvokerCall, Outcome } from "../invoker.ts"
import { askedTimings } from "./asked-timings.ts"
import { type FramePort, StreamError } from "./frame-port.ts"
import type { KeptBytes } from "./kept-bytes.ts"
import { deadlineOf, type ServiceLimits } from "./options.ts"
import { RetainedFrames } from "./retained-frames.ts"

/** Results of more bytes go into several frames, so that the first need not wait for the last. */
const MAX_BATCH_BYTES = 256 * 1024

/** Longest user or function of a binding, in characters: a stream may have many of them. */
const MAX_NAME_LENGTH = 256

/** A call that has not been answered. */
interface OpenCall {
  readonly id: number
  readonly user: string
  readonly function: string
  readonly input: Uint8Array
  readonly deadline: number
  readonly traceparent: string
  readonly timings: TimingsLevel
  /** Absent while the call may not start. */
  running?: InvokerCall
}

/** What a session tells its owner. */
export interface SessionEvents {
  /** The client is done, and so is the session: it can be forgotten. */
  finished(session: Session): void
  /** The session has lost its stream. */
  detached(session: Session): void
}

/**
 * The calls of one client, and the results that it has not acknowledged. Outlives the streams that carry it.
 *
 * Every call is run once and answered once: a call id that is not larger than the last one is refused, and results
 * are kept until they are acknowledged.
 */
export class Session {
  readonly id: string
  readonly #invoker: Invoker
  readonly #limits: ServiceLimits
  readonly #events: SessionEvents
  readonly #calls = new Map<number, OpenCall>()
  /** Calls that wait for acknowledgements to make room for results. */
  readonly #held = new Set<OpenCall>()
  #heldBytes = 0
  /** Fires at the first deadline of a held call. */
  #heldTimer: NodeJS.Timeout | undefined
  #heldTimerAt = Number.POSITIVE_INFINITY
  readonly #kept: KeptBytes
  /** What `#kept` knows of this session. */
  #keptBytes = 0
  readonly #retained = new RetainedFrames()
  #results: FrameResult[] = []
  #resultBytes = 0
  #lastCallId = 0
  #sequence = 0
  #port: FramePort | undefined
  readonly #bindings = new Map<number, FrameBinding>()
  #writing = false
  #flushScheduled = false
  /** The client has half-closed. */
  #ending = false
  #goAway = false
  #closed = false
  #released = false

  constructor(id: string, invoker: Invoker, limits: ServiceLimits, kept: KeptBytes, events: SessionEvents) {
    this.id = id
    this.#invoker = invoker
    this.#limits = limits
    this.#kept = kept
    this.#events = events
  }

  /** The stream that carries the session now. */
  get port(): FramePort | undefined {
    return this.#port
  }

  /** Nothing would be lost if the session were forgotten. */
  get isIdle(): boolean {
    return this.#calls.size === 0 && this.#results.length === 0 && this.#retained.isEmpty
  }

  /** Highest id of a call that has arrived. */
  get lastCallId(): number {
    return this.#lastCallId
  }

  /** Sequence of the last frame with results. */
  get sequence(): number {
    return this.#sequence
  }

  /** Calls without an answer. */
  get openCalls(): number {
    return this.#calls.size
  }

  /**
   * Gives the session a stream; the one that it has is ended. Sends the welcome, and again what the client has not
   * received.
   */
  attach(port: FramePort, receivedSequence: number, welcome: ServerFrameInit["welcome"]): void {
    const old = this.#port
    this.#port = port
    old?.end(new StreamError(Code.Aborted, "a newer stream has taken the session over"))
    this.#bindings.clear()
    this.#ending = false
    this.#goAway = false
    this.#acknowledge(receivedSequence)
    this.#write(
      encodeServerFrame({
        welcome: { ...welcome, lastCallId: BigInt(this.#lastCallId), credits: this.#limits.credits },
      }),
    )
    for (const frame of this.#retained) this.#write(frame)
    this.#schedule()
  }

  /** The stream is gone. Calls run on. */
  detach(port: FramePort): void {
    if (this.#port !== port) return
    this.#port = undefined
    this.#writing = false
    this.#events.detached(this)
  }

  /**
   * Takes a frame, apart from its hello.
   *
   * @throws StreamError
   */
  receive(frame: ClientFrame): void {
    this.#check(frame)
    if (frame.ack > 0) {
      this.#acknowledge(frame.ack)
      this.#startHeld()
    }
    if (frame.calls.length > 0 && this.#unacknowledged > 2 * this.#limits.maxRetainedBytes)
      throw new StreamError(
        Code.ResourceExhausted,
        `${this.#unacknowledged} bytes of results wait for acknowledgements: the session can take no more calls`,
      )
    for (const binding of frame.bindings) this.#bindings.set(binding.id, binding)
    for (const call of frame.calls) this.#accept(call)
    for (const id of frame.cancels) this.#cancel(id)
  }

  /** The client sends nothing more: what is open is answered, then the stream ends. */
  halfClose(): void {
    this.#ending = true
    this.#schedule()
  }

  /** Tells the client to go elsewhere; calls up to now are answered. */
  goAway(reason: string, graceMs: number): void {
    if (this.#goAway || !this.#port) return
    this.#goAway = true
    this.#flush()
    this.#write(encodeServerFrame({ goAway: { reason, lastCallId: BigInt(this.#lastCallId), graceMs } }))
  }

  /** Forgets everything, and stops what runs. */
  close(error: StreamError): void {
    if (this.#closed) return
    this.#closed = true
    const port = this.#port
    this.#port = undefined
    const calls = [...this.#calls.values()]
    this.#calls.clear()
    this.#held.clear()
    clearTimeout(this.#heldTimer)
    for (const call of calls) call.running?.cancel()
    port?.end(error)
  }

  /** The session is forgotten: what it keeps counts no more. */
  release(): void {
    this.#kept.change(-this.#keptBytes)
    this.#keptBytes = 0
    this.#released = true
  }

  get #unacknowledged(): number {
    return this.#retained.bytes + this.#resultBytes
  }

  #account(): void {
    if (this.#released) return
    const bytes = this.#unacknowledged + this.#heldBytes
    this.#kept.change(bytes - this.#keptBytes)
    this.#keptBytes = bytes
  }

  #acknowledge(sequence: number): void {
    this.#retained.acknowledge(sequence)
    this.#account()
  }

  /** Refuses a frame as a whole, before any part of it has been done. */
  #check(frame: ClientFrame): void {
    const invalid = (message: string) => new StreamError(Code.InvalidArgument, message)
    const limits = this.#limits
    if (frame.ack > this.#sequence) throw invalid(`frame ${frame.ack} is acknowledged, but was never sent`)
    const added = new Set<number>()
    for (const { id, user, function: name } of frame.bindings) {
      if (id === 0 || user === "" || name === "") throw invalid("a binding has no id, user or function")
      if (user.length > MAX_NAME_LENGTH || name.length > MAX_NAME_LENGTH)
        throw invalid(`a user or function has more than ${MAX_NAME_LENGTH} characters`)
      if (!this.#bindings.has(id)) added.add(id)
    }
    if (this.#bindings.size + added.size > limits.maxBindings)
      throw new StreamError(
        Code.ResourceExhausted,
        `a stream may have ${limits.maxBindings} bindings, not more`,
      )
    let last = this.#lastCallId
    for (const { id, binding } of frame.calls) {
      if (id <= last) throw invalid(`call ${id} came after call ${last}; ids have to ascend`)
      if (!this.#bindings.has(binding) && !added.has(binding))
        throw invalid(`call ${id} uses binding ${binding}, which the stream does not have`)
      last = id
    }
    if (this.#calls.size + frame.calls.length > limits.credits)
      throw new StreamError(
        Code.ResourceExhausted,
        `${limits.credits} calls may be unanswered, not more: wait for credits`,
      )
  }

  #accept({ id, binding, input, timeoutMs, traceparent, timings }: FrameCall): void {
    // The client has been told that calls from here on have not been received.
    if (this.#goAway) return
    this.#lastCallId = id
    const bound = this.#bindings.get(binding)!
    const call: OpenCall = {
      id,
      user: bound.user,
      function: bound.function,
      input,
      deadline: deadlineOf(timeoutMs || bound.timeoutMs, this.#limits),
      traceparent,
      timings: timings ?? TimingsLevel.UNSPECIFIED,
    }
    this.#calls.set(id, call)
    if (this.#held.size > 0 || this.#isFull()) this.#hold(call)
    else this.#start(call)
  }

  /** Within a bound: the client decides how long nothing is acknowledged. */
  #hold(call: OpenCall): void {
    if (this.#heldBytes + call.input.length > this.#limits.maxRetainedBytes) {
      this.#answer(call.id, notStarted(call, ErrorKind.OVERLOADED, "too much waits for acknowledgements"))
      return
    }
    // A view would keep the whole frame that it came in; a Buffer's slice is a view, too.
    const held = { ...call, input: new Uint8Array(call.input) }
    this.#calls.set(call.id, held)
    this.#held.add(held)
    this.#heldBytes += held.input.length
    this.#account()
    this.#expireHeldAt(held.deadline)
  }

  #expireHeldAt(deadline: number): void {
    if (deadline >= this.#heldTimerAt) return
    clearTimeout(this.#heldTimer)
    this.#heldTimerAt = deadline
    this.#heldTimer = setTimeout(() => this.#expireHeld(), Math.ceil(deadline - performance.now()))
    this.#heldTimer.unref()
  }

  #expireHeld(): void {
    this.#heldTimerAt = Number.POSITIVE_INFINITY
    const now = performance.now()
    let next = Number.POSITIVE_INFINITY
    for (const call of this.#held) {
      if (call.deadline > now) next = Math.min(next, call.deadline)
      else {
        this.#unhold(call)
        const why = "its time ran out while it waited for results to be acknowledged"
        this.#answer(call.id, notStarted(call, ErrorKind.TIMEOUT, why))
      }
    }
    if (next < Number.POSITIVE_INFINITY) this.#expireHeldAt(next)
  }

  #unhold(call: OpenCall): boolean {
    if (!this.#held.delete(call)) return false
    this.#heldBytes -= call.input.length
    this.#account()
    return true
  }

  #isFull(): boolean {
    const own = this.#unacknowledged
    return own > this.#limits.maxRetainedBytes || this.#kept.isExceededBy(own)
  }

  #startHeld(): void {
    for (const call of this.#held) {
      if (this.#isFull()) return
      this.#unhold(call)
      this.#start(call)
    }
  }

  #start(call: OpenCall): void {
    call.running = this.#invoker.submit(
      {
        user: call.user,
        function: call.function,
        input: call.input,
        deadline: call.deadline,
        traceparent: call.traceparent || undefined,
        detailedTimings: call.timings === TimingsLevel.DETAILED,
        queue: true,
      },
      (outcome) => this.#answer(call.id, outcome),
    )
  }

  #cancel(id: number): void {
    const call = this.#calls.get(id)
    if (!call) return
    if (this.#unhold(call))
      this.#answer(id, notStarted(call, ErrorKind.CANCELLED, "the call was cancelled before it started"))
    else call.running?.cancel()
  }

  #answer(id: number, outcome: Outcome): void {
    const call = this.#calls.get(id)
    if (!call) return
    this.#calls.delete(id)
    const { output, error, timings } = this.#keepable(call, outcome)
    const result = { id, output, error, timings: askedTimings(call.timings, timings) }
    this.#results.push(result)
    this.#resultBytes += resultFieldSize(result)
    this.#account()
    this.#schedule()
  }

  /** The calls that were started while there was room may answer with far more than fits. */
  #keepable(call: OpenCall, outcome: Outcome): Outcome {
    const bytes = outcome.output?.length ?? 0
    if (bytes === 0 || this.#unacknowledged + bytes <= 2 * this.#limits.maxRetainedBytes) return outcome
    const message = `${call.user}/${call.function}: has run, but its output could not be kept: results of ${this.#unacknowledged} bytes wait for acknowledgements`
    return { error: { kind: ErrorKind.OVERLOADED, message, mayHaveRun: true }, timings: outcome.timings }
  }

  /** Lets whatever else is answered in this turn join the frame. */
  #schedule(): void {
    if (this.#flushScheduled || this.#writing) return
    this.#flushScheduled = true
    process.nextTick(() => {
      this.#flushScheduled = false
      if (!this.#writing) this.#flush()
    })
  }

  #flush(): void {
    if (!this.#port) return
    while (this.#results.length > 0) {
      const results = this.#takeBatch()
      const sequence = ++this.#sequence
      const frame = encodeServerFrame({ sequence, results })
      this.#retained.add(sequence, frame)
      this.#account()
      this.#write(frame)
    }
    if (this.#ending && this.#calls.size === 0) {
      const port = this.#port
      this.#port = undefined
      this.#closed = true
      port.end()
      this.#events.finished(this)
    }
  }

  #takeBatch(): FrameResult[] {
    if (this.#resultBytes <= MAX_BATCH_BYTES) {
      const all = this.#results
      this.#results = []
      this.#resultBytes = 0
      return all
    }
    let count = 0
    let bytes = 0
    do bytes += resultFieldSize(this.#results[count++]!)
    while (count < this.#results.length && bytes < MAX_BATCH_BYTES)
    this.#resultBytes -= bytes
    return this.#results.splice(0, count)
  }

  #write(frame: Buffer): void {
    const port = this.#port
    if (!port) return
    this.#writing = true
    port.write(frame, () => {
      if (this.#port !== port) return
      this.#writing = false
      if (this.#results.length > 0 || this.#ending) this.#flush()
    })
  }
}

function notStarted(call: OpenCall, kind: ErrorKind, why: string): Outcome {
  return {
    error: { kind, message: `${call.user}/${call.function}: ${why}`, mayHaveRun: false },
    timings: { queuedUs: 0, executedUs: 0, cold: false },
  }
}
