import { randomBytes } from "node:crypto"
import { create } from "@bufbuild/protobuf"
import { Code, ConnectError } from "@connectrpc/connect"
import { ErrorKind, HelloSchema, type Limits, type Welcome } from "../gen/faasm/rpc/v1/function_service_pb.ts"
import {
  bindingFieldSize,
  callFieldSize,
  encodeClientFrame,
  type FrameBinding,
  type FrameCall,
} from "../rpc/client-frame.ts"
import { ENVELOPE_BYTES } from "../rpc/envelope.ts"
import type { FrameResult, ServerFrame } from "../rpc/server-frame.ts"
import { BackOff } from "./back-off.ts"
import { Connection, type ConnectionLimits } from "./connection.ts"
import { InvokeError } from "./function-client.ts"
import type { PendingCall } from "./pending-call.ts"
import type { ServerAddress } from "./server-address.ts"

const CLIENT = "hono-faasm/0.1.0"
/** An acknowledgement that finds no frame to travel in is sent after this time, in ms. */
const ACK_DELAY_MS = 20
/** An acknowledgement does not wait longer than for so many frames or bytes. */
const ACK_FRAMES = 64
const ACK_BYTES = 1024 * 1024
/** A call that has waited for less is given its whole time on the server, in ms. */
const WAIT_TOLERANCE_MS = 5
/** Room in a frame for what is not calls. */
const FRAME_OVERHEAD_BYTES = 512
/** How long the server may take to end a stream that is done, in ms. */
const END_MS = 1000

/** Streams that end with these can't be had again by trying. */
const REFUSALS: ReadonlySet<Code> = new Set([
  Code.Unimplemented,
  Code.Unauthenticated,
  Code.PermissionDenied,
  Code.FailedPrecondition,
  Code.InvalidArgument,
  Code.ResourceExhausted,
  Code.DataLoss,
])

/** A call that has an id. */
interface SentCall extends FrameCall {
  readonly pending: PendingCall
  /** It has been in a frame: the server may have it. */
  written: boolean
}

/** What a {@link Session} tells its owner. */
export interface SessionEvents {
  /** Calls can be sent, after a while in which they could not. */
  ready(): void
  /** A call has been answered, and another may take its place. */
  freed(): void
  /** The connection is lost, or could not be made; the session tries again. */
  lost(error: ConnectError, refused: boolean): void
  /** The server does not have these calls, or they may be repeated: send them again, anywhere. */
  returned(calls: PendingCall[]): void
  /** The server wants no more calls. The session ends itself when those under way are answered. */
  goAway(reason: string): void
  /** The session is over. */
  ended(): void
}

/** Limits of a {@link Session}, in ms. */
export interface SessionLimits extends ConnectionLimits {
  /** How long calls under way wait for a lost connection to come back. */
  resumeMs: number
}

/**
 * A session with one server: calls under way, and the connection that carries them. A lost connection is made again,
 * and each call is answered by the one run that it had.
 */
export class Session {
  readonly #server: ServerAddress
  readonly #limits: SessionLimits
  readonly #events: SessionEvents
  readonly #backOff = new BackOff()
  #id = randomBytes(16)
  #connection: Connection | undefined
  /** The server has sent a welcome for this id: it may know calls of it. */
  #known = false
  #ready = false
  #state: "open" | "draining" | "ending" | "ended" = "open"
  #credits = 0
  #serverLimits: Limits | undefined
  /** Calls without an answer, by id and in ascending order. */
  readonly #inFlight = new Map<number, SentCall>()
  /** Those of them that the server does not have yet, in ascending order of id. */
  #outgoing: SentCall[] = []
  #cancels: number[] = []
  #newBindings: FrameBinding[] = []
  readonly #bindings = new Map<string, Map<string, FrameBinding>>()
  #bindingCount = 0
  #lastId = 0
  #received = 0
  #acknowledged = 0
  #unacknowledgedBytes = 0
  #ackTimer: NodeJS.Timeout | undefined
  #writing = false
  #flushScheduled = false
  #reconnectTimer: NodeJS.Timeout | undefined
  #giveUpTimer: NodeJS.Timeout | undefined

  /** @param delayMs - pause before the first attempt to connect */
  constructor(server: ServerAddress, limits: SessionLimits, events: SessionEvents, delayMs = 0) {
    this.#server = server
    this.#limits = limits
    this.#events = events
    this.#connectIn(delayMs)
  }

  /** Calls can be sent. */
  get isReady(): boolean {
    return this.#ready && this.#state === "open"
  }

  /** How many more calls can be sent. */
  get free(): number {
    return this.isReady ? this.#credits - this.#inFlight.size : 0
  }

  /** Calls without an answer. */
  get inFlight(): number {
    return this.#inFlight.size
  }

  /** Largest input that the server takes, in bytes. */
  get maxInputBytes(): number {
    return this.#serverLimits?.maxInputBytes || Number.POSITIVE_INFINITY
  }

  /** Whether the channel can carry a call; else it has to go by Invoke. */
  fits({ call }: PendingCall): boolean {
    const { maxFrameBytes = 0, maxBindings = 0 } = this.#serverLimits ?? {}
    const bytes = call.input.length + 2 * (call.user.length + call.function.length) + 3 * 64
    if (maxFrameBytes > 0 && bytes + FRAME_OVERHEAD_BYTES > maxFrameBytes) return false
    return (
      maxBindings === 0 ||
      this.#bindingCount < maxBindings ||
      this.#bindings.get(call.user)?.has(call.function) === true
    )
  }

  /** Sends a call that {@link Session.fits}. */
  send(pending: PendingCall): void {
    const id = ++this.#lastId
    const { input, traceparent = "", timings } = pending.call
    const call = { id, binding: 0, input, timeoutMs: 0, traceparent, timings }
    const sent: SentCall = { ...call, pending, written: false }
    this.#inFlight.set(id, sent)
    pending.session = this
    pending.id = id
    this.#outgoing.push(sent)
    this.#schedule()
  }

  /** The caller wants no answer any more. Returns whether the server may have run the call. */
  abandon(pending: PendingCall): boolean {
    const sent = this.#inFlight.get(pending.id)
    if (sent?.pending !== pending) return false
    if (!sent.written) {
      this.#inFlight.delete(sent.id)
      this.#outgoing.splice(this.#outgoing.indexOf(sent), 1)
      return false
    }
    if (this.#ready) {
      this.#cancels.push(sent.id)
      this.#schedule()
    }
    return true
  }

  /** Ends the session: half-closes, waits for the server to do the same, and closes the connection. */
  end(): void {
    if (this.#state === "ending" || this.#state === "ended") return
    this.#state = "ending"
    if (!this.#ready) {
      this.#ended()
      return
    }
    this.#flush()
    this.#connection!.halfClose()
    // A server that does not close its side must not keep the client from ending.
    this.#giveUpTimer = setTimeout(() => this.#ended(), END_MS)
  }

  #connectIn(delayMs: number): void {
    this.#reconnectTimer = setTimeout(() => this.#connect(), delayMs)
    // Calls that wait for it have a timer of their own.
    this.#reconnectTimer.unref()
  }

  #connect(): void {
    let connection: Connection
    const current = () => this.#connection === connection
    connection = new Connection(this.#server, this.#limits, {
      frame: (frame, bytes) => {
        if (current()) this.#frame(frame, bytes)
      },
      goAway: () => {
        if (current() && this.#ready) this.#drain("the server closes the connection", undefined)
      },
      closed: (error) => {
        if (current()) this.#closed(error)
      },
    })
    this.#connection = connection
    this.#writing = false
    // Calls wait for the welcome: it says what the server has already, and what it takes.
    const hello = create(HelloSchema, {
      protocolVersion: 1,
      sessionId: this.#id,
      resume: this.#known,
      receivedSequence: BigInt(this.#received),
      client: CLIENT,
    })
    connection.write(
      encodeClientFrame({ hello, ack: 0, bindings: [], calls: [], cancels: [] }),
      () => undefined,
    )
  }

  #frame(frame: ServerFrame, bytes: number): void {
    if (frame.welcome) {
      if (this.#ready) throw new ConnectError("the server sent a second welcome", Code.DataLoss)
      this.#welcome(frame.welcome)
    } else if (!this.#ready) throw new ConnectError("the server's first frame has no welcome", Code.DataLoss)
    if (frame.credits !== undefined) this.#credits = frame.credits
    if (frame.sequence > 0) {
      if (frame.sequence !== this.#received + 1)
        throw new ConnectError(
          `frame ${frame.sequence} of the server came after ${this.#received}`,
          Code.Unavailable,
        )
      this.#received = frame.sequence
      // Not already at the welcome: a server may fail again and again right after it.
      this.#backOff.reset()
      for (const result of frame.results) this.#result(result)
      this.#acknowledgeSoon(bytes)
    }
    if (frame.goAway) this.#drain(frame.goAway.reason, Number(frame.goAway.lastCallId))
    if (frame.results.length > 0 || frame.credits !== undefined) this.#events.freed()
    this.#endIfDrained()
  }

  #welcome(welcome: Welcome): void {
    clearTimeout(this.#giveUpTimer)
    if (!welcome.resumed) {
      if (this.#known) this.#forgotten("the server has restarted, or forgotten the session")
      this.#received = 0
    }
    this.#known = true
    this.#acknowledged = this.#received
    this.#credits = welcome.credits
    this.#serverLimits = welcome.limits
    this.#bindings.clear()
    this.#bindingCount = 0
    this.#newBindings = []
    this.#cancels = []
    this.#outgoing = []
    const lastCallId = Number(welcome.lastCallId)
    this.#lastId = Math.max(this.#lastId, lastCallId)
    for (const sent of this.#inFlight.values()) {
      if (sent.id <= lastCallId) {
        if (sent.pending.settled) this.#cancels.push(sent.id)
      } else if (sent.pending.settled) this.#inFlight.delete(sent.id)
      else this.#outgoing.push(sent)
    }
    this.#ready = true
    this.#schedule()
    this.#events.ready()
  }

  #result(result: FrameResult): void {
    const sent = this.#inFlight.get(result.id)
    if (!sent) return
    this.#inFlight.delete(result.id)
    const { output, error, timings } = result
    if (error) sent.pending.reject(new InvokeError(error.kind, error.message, error))
    else sent.pending.resolve({ output: output!, timings, way: "rpc" })
  }

  #acknowledgeSoon(bytes: number): void {
    this.#unacknowledgedBytes += bytes
    if (this.#received - this.#acknowledged >= ACK_FRAMES || this.#unacknowledgedBytes >= ACK_BYTES)
      this.#schedule()
    else if (!this.#ackTimer) {
      this.#ackTimer = setTimeout(() => {
        this.#ackTimer = undefined
        if (this.#received > this.#acknowledged) this.#schedule()
      }, ACK_DELAY_MS)
      this.#ackTimer.unref()
    }
  }

  /** @param lastCallId - highest call that the server will answer; undefined: all that were written */
  #drain(reason: string, lastCallId: number | undefined): void {
    if (this.#state !== "open") return
    this.#state = "draining"
    const returned: PendingCall[] = []
    for (const sent of this.#inFlight.values()) {
      if (lastCallId === undefined ? sent.written : sent.id <= lastCallId) continue
      this.#inFlight.delete(sent.id)
      returned.push(sent.pending)
    }
    this.#outgoing = this.#outgoing.filter((sent) => this.#inFlight.has(sent.id))
    this.#events.goAway(reason)
    if (returned.length > 0) this.#events.returned(returned)
    this.#endIfDrained()
  }

  #endIfDrained(): void {
    if (this.#state === "draining" && this.#inFlight.size === 0) this.end()
  }

  #closed(error: ConnectError | undefined): void {
    const wasReady = this.#ready
    this.#connection = undefined
    this.#ready = false
    if (this.#state === "ending") {
      this.#ended()
      return
    }
    const reason = error ?? new ConnectError("the server ended the stream", Code.Unavailable)
    const refused = REFUSALS.has(reason.code)
    if (refused) this.#refused(reason)
    else if (reason.code === Code.Aborted) this.#forgotten(reason.rawMessage)
    else if (wasReady)
      this.#giveUpTimer = setTimeout(
        () => this.#forgotten(`the connection to ${this.#server.url.host} was lost: ${reason.rawMessage}`),
        Math.min(this.#limits.resumeMs, this.#serverLimits?.resumeWindowMs || Number.POSITIVE_INFINITY),
      )
    if (this.#state === "draining" && this.#inFlight.size === 0) {
      this.#ended()
      return
    }
    this.#connectIn(this.#backOff.next())
    this.#events.lost(reason, refused)
  }

  /** The server does not serve this client: no call of the session will have an answer. */
  #refused(reason: ConnectError): void {
    const calls = this.#startAnew()
    for (const { pending, written } of calls)
      pending.reject(
        new InvokeError(ErrorKind.UNAVAILABLE, `${pending.name}: ${reason.rawMessage}`, {
          mayHaveRun: written || pending.mayHaveRun,
          code: reason.code,
          cause: reason,
        }),
      )
  }

  /** The session's results are lost: repeats what may be repeated, and ends the other calls. */
  #forgotten(reason: string): void {
    const returned: PendingCall[] = []
    for (const { pending, written } of this.#startAnew()) {
      if (pending.settled) continue
      if (written) pending.mayHaveRun = true
      if (!written || pending.call.idempotent) returned.push(pending)
      else
        pending.reject(
          new InvokeError(
            ErrorKind.UNAVAILABLE,
            `${pending.name} may have run, but its answer is lost: ${reason}`,
            { mayHaveRun: true },
          ),
        )
    }
    if (returned.length > 0) this.#events.returned(returned)
  }

  /** Forgets the session. Returns the calls that were under way. */
  #startAnew(): SentCall[] {
    clearTimeout(this.#giveUpTimer)
    const calls = [...this.#inFlight.values()]
    this.#inFlight.clear()
    this.#outgoing = []
    this.#cancels = []
    this.#received = 0
    // With a connection, the server has just begun a new session under the same id.
    if (!this.#connection) {
      this.#id = randomBytes(16)
      this.#known = false
    }
    return calls
  }

  #ended(): void {
    if (this.#state === "ended") return
    this.#state = "ended"
    this.#ready = false
    clearTimeout(this.#reconnectTimer)
    clearTimeout(this.#giveUpTimer)
    clearTimeout(this.#ackTimer)
    const connection = this.#connection
    this.#connection = undefined
    connection?.destroy()
    this.#events.ended()
  }

  /** Lets whatever else is sent in this turn join the frame. */
  #schedule(): void {
    if (this.#flushScheduled || this.#writing || !this.#ready) return
    this.#flushScheduled = true
    process.nextTick(() => {
      this.#flushScheduled = false
      this.#flush()
    })
  }

  #flush(): void {
    if (!this.#ready || this.#writing) return
    const calls = this.#takeCalls()
    const cancels = this.#cancels
    const ack = this.#received > this.#acknowledged ? this.#received : 0
    if (calls.length === 0 && cancels.length === 0 && ack === 0) return
    const frame = encodeClientFrame({ ack, bindings: this.#newBindings, calls, cancels })
    if (cancels.length > 0) this.#cancels = []
    if (this.#newBindings.length > 0) this.#newBindings = []
    this.#acknowledged = this.#received
    this.#unacknowledgedBytes = 0
    const connection = this.#connection!
    this.#writing = true
    connection.write(frame, () => {
      if (this.#connection !== connection) return
      this.#writing = false
      this.#flush()
    })
  }

  /** The calls for the next frame, as many as fit. */
  #takeCalls(): SentCall[] {
    const outgoing = this.#outgoing
    if (outgoing.length === 0) return outgoing
    const most = (this.#serverLimits?.maxFrameBytes || Number.POSITIVE_INFINITY) - FRAME_OVERHEAD_BYTES
    const now = performance.now()
    let bytes = ENVELOPE_BYTES + 10 * this.#cancels.length
    let count = 0
    for (const sent of outgoing) {
      const { pending } = sent
      const binding = this.#bind(pending)
      const waited = now - pending.startedAt > WAIT_TOLERANCE_MS
      const timeoutMs = waited ? Math.max(1, Math.ceil(pending.deadline - now)) : pending.timeoutMs
      sent.binding = binding.id
      sent.timeoutMs = timeoutMs === binding.timeoutMs ? 0 : timeoutMs
      bytes += callFieldSize(sent) + (this.#newBindings.at(-1) === binding ? bindingFieldSize(binding) : 0)
      // A call that fits by itself always goes.
      if (count > 0 && bytes > most) break
      sent.written = true
      count++
    }
    this.#outgoing = outgoing.slice(count)
    return count === outgoing.length ? outgoing : outgoing.slice(0, count)
  }

  #bind({ call, timeoutMs }: PendingCall): FrameBinding {
    let ofUser = this.#bindings.get(call.user)
    if (!ofUser) {
      ofUser = new Map()
      this.#bindings.set(call.user, ofUser)
    }
    let binding = ofUser.get(call.function)
    if (!binding) {
      binding = { id: ++this.#bindingCount, user: call.user, function: call.function, timeoutMs }
      ofUser.set(call.function, binding)
      this.#newBindings.push(binding)
    }
    return binding
  }
}
