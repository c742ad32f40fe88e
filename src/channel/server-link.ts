import type { ConnectError } from "@connectrpc/connect"
import { ErrorKind } from "../gen/faasm/rpc/v1/function_service_pb.ts"
import { InvokeError } from "./function-client.ts"
import type { PendingCall } from "./pending-call.ts"
import type { ServerAddress } from "./server-address.ts"
import { Session, type SessionLimits } from "./session.ts"
import { isAnswerLost, UnaryInvoker } from "./unary-invoker.ts"

/** Pause before a server that sent the client away is asked for a new session, in ms. */
const AFTER_GO_AWAY_MS = 200

/** What is known of a server. */
export interface ServerStatus {
  /** The server's address. */
  server: string
  /** Calls can be sent to it. */
  ready: boolean
  /** Calls that it has not answered. */
  inFlight: number
  /** Why there is no connection, or was none last time. */
  lastError?: string
}

/** What a {@link ServerLink} tells its owner. */
export interface ServerLinkEvents {
  /** It takes calls now, or does not any more. */
  changed(): void
  /** The connection was lost, or could not be made. */
  failed(error: ConnectError): void
  /** These calls have to be sent again. */
  returned(calls: PendingCall[]): void
}

/** One server: the session that takes calls, those that end, and calls by Invoke. */
export class ServerLink {
  readonly #server: ServerAddress
  readonly #limits: SessionLimits
  readonly #events: ServerLinkEvents
  readonly #unary: UnaryInvoker
  /** With those that are draining. */
  readonly #sessions = new Set<Session>()
  #current: Session
  #unaryCalls = 0
  #refused = false
  #closed = false
  #onEnded: (() => void) | undefined
  #lastError: ConnectError | undefined

  constructor(server: ServerAddress, limits: SessionLimits, events: ServerLinkEvents) {
    this.#server = server
    this.#limits = limits
    this.#events = events
    this.#unary = new UnaryInvoker(server)
    this.#current = this.#open(0)
  }

  /** Calls can be sent, as far as there are credits. */
  get isReady(): boolean {
    return this.#current.isReady
  }

  /** The server is there, but does not serve this client. */
  get isRefused(): boolean {
    return this.#refused
  }

  /** How many more calls it takes. */
  get free(): number {
    return this.#current.free - this.#unaryCalls
  }

  /** Calls that it has not answered. */
  get load(): number {
    return this.#current.inFlight + this.#unaryCalls
  }

  /** Sends a call. */
  send(pending: PendingCall): void {
    const { length } = pending.call.input
    const { maxInputBytes } = this.#current
    if (length > maxInputBytes)
      pending.reject(
        new InvokeError(
          ErrorKind.INPUT_TOO_LARGE,
          `the input for ${pending.name} has ${length} bytes; the server takes ${maxInputBytes}`,
          { mayHaveRun: pending.mayHaveRun },
        ),
      )
    else if (this.#current.fits(pending)) this.#current.send(pending)
    else this.#sendUnary(pending)
  }

  status(): ServerStatus {
    return {
      server: this.#server.url.href,
      ready: this.isReady,
      inFlight: this.load,
      lastError: this.#lastError?.message,
    }
  }

  /** Ends the sessions. */
  async close(): Promise<void> {
    this.#closed = true
    const ended = new Promise<void>((resolve) => {
      this.#onEnded = resolve
    })
    for (const session of this.#sessions) session.end()
    if (this.#sessions.size > 0) await ended
  }

  #open(delayMs: number): Session {
    const session = new Session(
      this.#server,
      this.#limits,
      {
        ready: () => {
          this.#refused = false
          this.#events.changed()
        },
        freed: () => this.#events.changed(),
        lost: (error, refused) => {
          this.#refused = refused
          this.#lastError = error
          this.#events.failed(error)
          this.#events.changed()
        },
        returned: (calls) => this.#events.returned(calls),
        goAway: () => {
          if (!this.#closed && session === this.#current) this.#current = this.#open(AFTER_GO_AWAY_MS)
          this.#events.changed()
        },
        ended: () => {
          this.#sessions.delete(session)
          if (this.#sessions.size === 0) this.#onEnded?.()
        },
      },
      delayMs,
    )
    this.#sessions.add(session)
    return session
  }

  #sendUnary(pending: PendingCall): void {
    const abort = new AbortController()
    let open = true
    let repeated = false
    this.#unaryCalls++
    pending.session = {
      abandon: () => {
        abort.abort()
        return open
      },
    }
    this.#unary
      .invoke(pending, abort.signal)
      .then(
        (result) => pending.resolve(result),
        (error: InvokeError) => {
          if (this.#isRepeatable(pending, error)) repeated = true
          else pending.reject(error)
        },
      )
      .finally(() => {
        open = false
        this.#unaryCalls--
        if (repeated) this.#events.returned([pending])
        else this.#events.changed()
      })
  }

  /** Once: nothing slows a server down that loses every answer. */
  #isRepeatable(pending: PendingCall, error: InvokeError): boolean {
    if (!isAnswerLost(error) || pending.settled || pending.mayHaveRun || !pending.call.idempotent)
      return false
    pending.mayHaveRun = true
    return true
  }
}
