import { randomBytes } from "node:crypto"
import { Code } from "@connectrpc/connect"
import type { Hello } from "../../gen/faasm/rpc/v1/function_service_pb.ts"
import type { Invoker } from "../invoker.ts"
import { type FramePort, StreamError } from "./frame-port.ts"
import { KeptBytes } from "./kept-bytes.ts"
import type { ServiceLimits } from "./options.ts"
import { Session } from "./session.ts"

const PROTOCOL_VERSION = 1
const SESSION_ID_BYTES = 16
const SERVER = "hono-faasm-runtime/0.1.0"

/** The sessions of a server, with a stream and without. */
export class Sessions {
  readonly #invoker: Invoker
  readonly #limits: ServiceLimits
  readonly #serverId = randomBytes(16)
  /** The longest without a stream first. */
  readonly #sessions = new Map<string, Session>()
  readonly #expiries = new Map<Session, NodeJS.Timeout>()
  readonly #kept: KeptBytes
  #draining: { reason: string; endsAt: number } | undefined

  constructor(invoker: Invoker, limits: ServiceLimits) {
    this.#invoker = invoker
    this.#limits = limits
    this.#kept = new KeptBytes(limits.maxKeptBytes, () => this.#sessions.size)
  }

  /** How many sessions there are. */
  get size(): number {
    return this.#sessions.size
  }

  /** Whether calls are open on streams, or answers on their way. */
  get isIdle(): boolean {
    for (const session of this.#sessions.values()) if (!session.isIdle) return false
    return true
  }

  /**
   * Finds or makes the session of a stream, by the hello of its first frame, and attaches the stream.
   *
   * @throws StreamError
   */
  open(hello: Hello | undefined, port: FramePort): Session {
    if (!hello) throw new StreamError(Code.InvalidArgument, "the first frame of a stream has to have a hello")
    if (hello.protocolVersion !== PROTOCOL_VERSION)
      throw new StreamError(
        Code.FailedPrecondition,
        `protocol version ${hello.protocolVersion} is not spoken here, only ${PROTOCOL_VERSION}`,
      )
    if (hello.sessionId.length !== SESSION_ID_BYTES)
      throw new StreamError(Code.InvalidArgument, `a session id has ${SESSION_ID_BYTES} bytes`)
    const { session, resumed } = this.#find(hello)
    const received = resumed ? Number(hello.receivedSequence) : 0
    if (received > session.sequence)
      throw new StreamError(
        Code.InvalidArgument,
        `frame ${received} can't have been received: it was never sent`,
      )
    clearTimeout(this.#expiries.get(session))
    this.#expiries.delete(session)
    const limits = this.#limits
    session.attach(port, received, {
      protocolVersion: PROTOCOL_VERSION,
      resumed,
      limits: {
        maxFrameBytes: limits.maxFrameBytes,
        maxInputBytes: this.#invoker.maxInputBytes,
        maxOutputBytes: this.#invoker.maxOutputBytes,
        maxTimeoutMs: limits.maxTimeoutMs,
        resumeWindowMs: limits.resumeWindowMs,
        maxRetainedBytes: BigInt(limits.maxRetainedBytes),
        maxBindings: limits.maxBindings,
      },
      server: SERVER,
      serverId: this.#serverId,
    })
    return session
  }

  /** The first frame of a stream has been handled. */
  opened(session: Session): void {
    if (this.#draining) this.#sendAway(session)
  }

  /** Tells every client to go elsewhere. New sessions are refused. */
  drain(reason: string, graceMs: number): void {
    this.#draining = { reason, endsAt: performance.now() + graceMs }
    for (const session of this.#sessions.values()) this.#sendAway(session)
  }

  /** Ends all streams and forgets all sessions. */
  close(): void {
    for (const timer of this.#expiries.values()) clearTimeout(timer)
    this.#expiries.clear()
    for (const session of this.#sessions.values())
      session.close(new StreamError(Code.Unavailable, "the server shuts down"))
    this.#sessions.clear()
  }

  #find(hello: Hello): { session: Session; resumed: boolean } {
    const id = Buffer.from(hello.sessionId).toString("hex")
    const known = this.#sessions.get(id)
    if (known) return { session: known, resumed: true }
    if (this.#draining) throw new StreamError(Code.Unavailable, this.#draining.reason)
    if (this.#sessions.size >= this.#limits.maxSessions) this.#evict()
    const session = new Session(id, this.#invoker, this.#limits, this.#kept, {
      finished: () => this.#forget(session),
      detached: () => this.#detached(session),
    })
    this.#sessions.set(id, session)
    return { session, resumed: false }
  }

  /** Makes room by forgetting the session that is without a stream for longest and has nothing to lose. */
  #evict(): void {
    for (const session of this.#expiries.keys()) {
      if (!session.isIdle) continue
      this.#forget(session)
      return
    }
    throw new StreamError(
      Code.ResourceExhausted,
      `the server has ${this.#limits.maxSessions} sessions already, and room for no more`,
    )
  }

  #detached(session: Session): void {
    if (!this.#sessions.has(session.id)) return
    const timer = setTimeout(() => {
      this.#forget(session)
      session.close(new StreamError(Code.Aborted, "the session has expired"))
    }, this.#limits.resumeWindowMs)
    timer.unref()
    this.#expiries.set(session, timer)
  }

  #forget(session: Session): void {
    clearTimeout(this.#expiries.get(session))
    this.#expiries.delete(session)
    if (this.#sessions.delete(session.id)) session.release()
  }

  #sendAway(session: Session): void {
    const { reason, endsAt } = this.#draining!
    session.goAway(reason, Math.max(0, Math.round(endsAt - performance.now())))
  }
}
