import type { Code, ConnectError } from "@connectrpc/connect"
import { ErrorKind } from "../gen/faasm/rpc/v1/function_service_pb.ts"
import { type FunctionCall, type FunctionClient, InvokeError, type InvokeResult } from "./function-client.ts"
import { PendingCall } from "./pending-call.ts"
import { type ServerTls, serverAddress } from "./server-address.ts"
import { ServerLink, type ServerStatus } from "./server-link.ts"
import type { SessionLimits } from "./session.ts"

/** Options of {@link openChannel}. */
export interface ChannelOptions {
  /** Servers of the FunctionService, such as `http://127.0.0.1:8090`. Each call goes to the least busy one. */
  servers: readonly string[]
  /** The bearer token that the servers ask for. It can be read on the way unless their addresses are `https:`. */
  token?: string
  /** For servers at `https:` addresses: whom to trust, and the client's own certificate. */
  tls?: ServerTls
  /** Time for calls that bring none, in ms. Default 30,000. */
  timeoutMs?: number
  /** Most calls that wait while servers take no more; further ones fail at once. Default 4,096. */
  maxWaiting?: number
  /** How long new calls wait for a server when none can be reached, in ms; then they fail at once. Default 1,000. */
  outageMs?: number
  /** How long calls under way wait for a lost connection to come back, in ms. Default 10,000. */
  resumeMs?: number
  /** How long it may take to connect, in ms. Default 5,000. */
  connectMs?: number
  /** Pause between keep-alive pings, in ms. Default 10,000. */
  pingIntervalMs?: number
  /** How long the answer to a ping may take until the connection counts as lost, in ms. Default 5,000. */
  pingTimeoutMs?: number
}

/** Calls functions over persistent streams to one or several servers. */
export interface Channel extends FunctionClient {
  /** What is known of each server. */
  status(): ServerStatus[]
}

/** The server's own answer, which says more, may take this long after a call's time has run out, in ms. */
const ANSWER_GRACE_MS = 50
/** The longest that setTimeout can wait, in ms. */
const MAX_TIMER_MS = 2 ** 31 - 1

/**
 * Opens a channel. Returns at once; calls wait for the connection. Lost connections are made again, and calls under
 * way are still answered once, by the one run that they had.
 *
 * @throws TypeError when a server's address is no http: or https: URL, or there is none; when the token or `tls` can't be used.
 */
export function openChannel(options: ChannelOptions): Channel {
  return new ServersChannel(options)
}

class ServersChannel implements Channel {
  readonly #links: ServerLink[]
  readonly #timeoutMs: number
  readonly #maxWaiting: number
  readonly #outageMs: number
  /** Calls without an answer. */
  readonly #pending = new Set<PendingCall>()
  /** Those of them that wait for a server, in the order in which they are sent. */
  #waiting = new Set<PendingCall>()
  /** Where the search for a server begins, so that equals take turns. */
  #turn = 0
  /** Since when no server can be reached. */
  #outageSince: number | undefined = performance.now()
  #outageTimer: NodeJS.Timeout | undefined
  #lastError: ConnectError | undefined
  #sweep: { at: number; timer: NodeJS.Timeout } | undefined
  #onIdle: (() => void) | undefined
  readonly #readyWaiters = new Set<(ready: boolean) => void>()
  #closing: Promise<void> | undefined

  constructor(options: ChannelOptions) {
    this.#timeoutMs = options.timeoutMs ?? 30_000
    this.#maxWaiting = options.maxWaiting ?? 4096
    this.#outageMs = options.outageMs ?? 1000
    const limits: SessionLimits = {
      resumeMs: options.resumeMs ?? 10_000,
      connectMs: options.connectMs ?? 5000,
      pingIntervalMs: options.pingIntervalMs ?? 10_000,
      pingTimeoutMs: options.pingTimeoutMs ?? 5000,
    }
    const servers = options.servers.map((server) => serverAddress(server, options))
    if (servers.length === 0) throw new TypeError("a channel needs the address of at least one server")
    this.#links = servers.map(
      (server) =>
        new ServerLink(server, limits, {
          changed: () => this.#linksChanged(),
          failed: (error) => {
            this.#lastError = error
          },
          returned: (calls) => this.#returned(calls),
        }),
    )
  }

  invoke(call: FunctionCall): Promise<InvokeResult> {
    const pending = new PendingCall(call, Math.max(1, Math.ceil(call.timeoutMs ?? this.#timeoutMs)))
    const refusal = this.#refusal(pending)
    if (refusal) {
      pending.reject(refusal)
      return pending.promise
    }
    this.#pending.add(pending)
    pending.onSettled = () => this.#settled(pending)
    if (call.signal) pending.onAbort(() => this.#abandon(pending, ErrorKind.CANCELLED))
    this.#sweepBy(pending.deadline)
    if (this.#waiting.size > 0 || !this.#dispatch(pending)) this.#wait(pending)
    return pending.promise
  }

  async ready(timeoutMs = 1000): Promise<boolean> {
    if (this.#isReady()) return true
    if (this.#closing) return false
    return new Promise((resolve) => {
      const done = (ready: boolean) => {
        clearTimeout(timer)
        this.#readyWaiters.delete(done)
        resolve(ready)
      }
      const timer = setTimeout(done, timeoutMs, false)
      this.#readyWaiters.add(done)
    })
  }

  status(): ServerStatus[] {
    return this.#links.map((link) => link.status())
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    for (const done of this.#readyWaiters) done(false)
    if (this.#pending.size > 0)
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve
      })
    clearTimeout(this.#sweep?.timer)
    clearTimeout(this.#outageTimer)
    await Promise.all(this.#links.map((link) => link.close()))
  }

  /** Why a call is not even begun. */
  #refusal(pending: PendingCall): InvokeError | undefined {
    const refuse = (kind: ErrorKind, reason: string, code?: Code) =>
      new InvokeError(kind, `${pending.name} was not called: ${reason}`, {
        mayHaveRun: false,
        code,
        cause: this.#lastError,
      })
    if (pending.call.signal?.aborted) return refuse(ErrorKind.CANCELLED, "the caller had given up")
    if (this.#closing) return refuse(ErrorKind.UNAVAILABLE, "the channel is closed")
    if (this.#isOut()) return refuse(ErrorKind.UNAVAILABLE, this.#outage(), this.#lastError?.code)
    if (this.#waiting.size >= this.#maxWaiting)
      return refuse(ErrorKind.OVERLOADED, `${this.#waiting.size} calls wait for a server already`)
    return undefined
  }

  /** Sends a call to the least busy server. Returns false when none takes it now. */
  #dispatch(pending: PendingCall): boolean {
    const links = this.#links
    let best: ServerLink | undefined
    for (let i = 0; i < links.length; i++) {
      const link = links[(this.#turn + i) % links.length]!
      if (link.free > 0 && (!best || link.load < best.load)) best = link
    }
    if (!best) return false
    this.#turn = (links.indexOf(best) + 1) % links.length
    best.send(pending)
    return true
  }

  #wait(pending: PendingCall): void {
    this.#waiting.add(pending)
    if (this.#outageSince !== undefined) this.#watchOutage()
  }

  #linksChanged(): void {
    if (this.#isReady()) {
      this.#outageSince = undefined
      this.#lastError = undefined
      clearTimeout(this.#outageTimer)
      this.#outageTimer = undefined
      for (const done of this.#readyWaiters) done(true)
    } else {
      this.#outageSince ??= performance.now()
      if (this.#waiting.size > 0) this.#watchOutage()
    }
    for (const pending of this.#waiting) {
      if (!this.#dispatch(pending)) return
      this.#waiting.delete(pending)
    }
  }

  /** Calls that were not run, or may be repeated, go before those that have not been sent yet. */
  #returned(calls: PendingCall[]): void {
    const open = calls.filter((call) => !call.settled)
    this.#waiting = new Set([...open, ...this.#waiting])
    this.#linksChanged()
  }

  #isReady(): boolean {
    return this.#links.some((link) => link.isReady)
  }

  /** No server can be reached, and it does not look as if that would change soon. */
  #isOut(): boolean {
    // Without an error the first connections are still being made, however long this process was busy meanwhile.
    if (this.#outageSince === undefined || this.#lastError === undefined) return false
    return (
      performance.now() - this.#outageSince >= this.#outageMs || this.#links.every((link) => link.isRefused)
    )
  }

  #outage(): string {
    return `no server can be reached${this.#lastError ? `: ${this.#lastError.rawMessage}` : ""}`
  }

  /** Ends the calls that wait when there is no server for too long. */
  #watchOutage(): void {
    if (this.#isOut()) {
      for (const pending of [...this.#waiting])
        pending.reject(
          new InvokeError(
            ErrorKind.UNAVAILABLE,
            `${pending.name} ${pending.mayHaveRun ? "may have run" : "was not called"}: ${this.#outage()}`,
            { mayHaveRun: pending.mayHaveRun, code: this.#lastError?.code, cause: this.#lastError },
          ),
        )
      return
    }
    this.#outageTimer ??= setTimeout(
      () => {
        this.#outageTimer = undefined
        if (this.#outageSince !== undefined) this.#watchOutage()
      },
      Math.max(this.#outageSince! + this.#outageMs - performance.now() + 1, 10),
    )
  }

  /** Answers the caller because of its own will, or of the time. */
  #abandon(pending: PendingCall, kind: typeof ErrorKind.CANCELLED | typeof ErrorKind.TIMEOUT): void {
    const sent = pending.session?.abandon(pending) ?? false
    const mayHaveRun = sent || pending.mayHaveRun
    const what =
      kind === ErrorKind.CANCELLED
        ? "the caller gave up"
        : mayHaveRun
          ? `no answer came within ${pending.timeoutMs} ms`
          : `no server took it within ${pending.timeoutMs} ms`
    pending.reject(new InvokeError(kind, `${pending.name}: ${what}`, { mayHaveRun }))
  }

  #settled(pending: PendingCall): void {
    this.#pending.delete(pending)
    this.#waiting.delete(pending)
    if (this.#pending.size > 0) return
    this.#onIdle?.()
    // The timer keeps the process alive for the calls; without calls it is not needed.
    this.#sweep?.timer.unref()
  }

  /** One timer for all calls, armed for the first deadline; most calls are long answered by then. */
  #sweepBy(deadline: number): void {
    const at = deadline + ANSWER_GRACE_MS
    if (this.#sweep && this.#sweep.at <= at) {
      if (this.#pending.size === 1) this.#sweep.timer.ref()
      return
    }
    clearTimeout(this.#sweep?.timer)
    const delay = Math.min(Math.max(0, Math.ceil(at - performance.now())), MAX_TIMER_MS)
    this.#sweep = { at, timer: setTimeout(() => this.#endOverdue(), delay) }
  }

  #endOverdue(): void {
    this.#sweep = undefined
    const now = performance.now()
    let next = Number.POSITIVE_INFINITY
    for (const pending of this.#pending) {
      if (pending.deadline + ANSWER_GRACE_MS > now) next = Math.min(next, pending.deadline)
      else this.#abandon(pending, ErrorKind.TIMEOUT)
    }
    if (next !== Number.POSITIVE_INFINITY) this.#sweepBy(next)
  }
}
