import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2"
import { Code, ConnectError } from "@connectrpc/connect"
import { codeFromHttpStatus } from "@connectrpc/connect/protocol-connect"
import { FunctionService } from "../gen/faasm/rpc/v1/function_service_pb.ts"
import { EnvelopeReader } from "../rpc/envelope.ts"
import { decodeServerFrame, type ServerFrame } from "../rpc/server-frame.ts"
import type { ServerAddress } from "./server-address.ts"

const PATH = `/${FunctionService.typeName}/${FunctionService.method.channel.name}`
/** Large enough that a batch of results does not wait for it. */
const WINDOW_BYTES = 4 * 1024 * 1024
/** Largest frame taken from a server, in bytes: an output that a server allows, and some. */
const MAX_FRAME_BYTES = 64 * 1024 * 1024

/** What a {@link Connection} tells its owner. Nothing follows `closed`. */
export interface ConnectionEvents {
  /** A frame of `bytes` bytes. What this throws ends the stream. */
  frame(frame: ServerFrame, bytes: number): void
  /** The server takes no new streams on this connection; this one goes on. */
  goAway(): void
  /** The stream is gone; without an error when both sides were done. */
  closed(error: ConnectError | undefined): void
}

/** Limits of a {@link Connection}, in ms. */
export interface ConnectionLimits {
  /** How long it may take from the start until the first frame. */
  connectMs: number
  /** Pause between pings. */
  pingIntervalMs: number
  /** How long the answer to a ping may take. */
  pingTimeoutMs: number
}

/**
 * One HTTP/2 connection with one Connect stream on it.
 *
 * Straight on node:http2: a client of connect-node would put several async iterators between the socket and a result.
 */
export class Connection {
  readonly #events: ConnectionEvents
  readonly #limits: ConnectionLimits
  readonly #session: ClientHttp2Session
  readonly #stream: ClientHttp2Stream
  readonly #reader: EnvelopeReader
  readonly #ping: NodeJS.Timeout
  #deadline: NodeJS.Timeout | undefined
  #closed = false
  /** What the server ended the stream with; `null` for an end without an error. */
  #end: ConnectError | null | undefined

  constructor(server: ServerAddress, limits: ConnectionLimits, events: ConnectionEvents) {
    this.#events = events
    this.#limits = limits
    this.#session = connect(server.url, {
      ...server.tls,
      settings: { initialWindowSize: WINDOW_BYTES, enablePush: false },
    })
    this.#session.on("error", (error) => this.#close(unavailable("the connection failed", error)))
    this.#session.on("goaway", () => this.#events.goAway())
    this.#session.on("close", () => this.#close(unavailable("the connection was closed")))
    this.#session.once("connect", (session) => session.setLocalWindowSize(WINDOW_BYTES))
    this.#stream = this.#session.request({
      ...server.headers,
      ":method": "POST",
      ":path": PATH,
      "content-type": "application/connect+proto",
      "connect-protocol-version": "1",
    })
    this.#reader = new EnvelopeReader(MAX_FRAME_BYTES, {
      message: (bytes) => this.#frame(bytes),
      end: (error) => {
        this.#end = error ?? null
      },
    })
    this.#stream.on("response", (headers) => this.#checkResponse(headers[":status"], headers["content-type"]))
    this.#stream.on("data", (chunk: Buffer) => this.#read(chunk))
    this.#stream.on("error", (error) => this.#close(unavailable("the stream failed", error)))
    this.#stream.on("end", () => this.#close(this.#end ?? this.#cut()))
    this.#stream.on("close", () => this.#close(unavailable("the stream was closed")))
    this.#deadline = setTimeout(
      () => this.#close(unavailable(`the server did not answer within ${limits.connectMs} ms`)),
      limits.connectMs,
    )
    this.#ping = setInterval(() => this.#sendPing(), limits.pingIntervalMs)
    this.#ping.unref()
  }

  /** Sends an encoded frame, in its envelope; `written` is called when the next may follow. */
  write(frame: Buffer, written: () => void): void {
    if (!this.#closed) this.#stream.write(frame, () => written())
  }

  /** Tells the server that nothing follows. */
  halfClose(): void {
    if (!this.#closed) this.#stream.end()
  }

  /** Drops the connection. */
  destroy(): void {
    this.#close(undefined)
  }

  #checkResponse(status = 0, type = ""): void {
    if (status === 200 && type === "application/connect+proto") return
    // A server that does not know Connect answers in HTTP's way, and one that is something else with anything.
    const code = status === 200 ? Code.Unimplemented : codeFromHttpStatus(status)
    this.#close(
      new ConnectError(`the server answered ${status} ${type}: there is no FunctionService at ${PATH}`, code),
    )
  }

  #read(chunk: Buffer): void {
    if (this.#closed) return
    try {
      this.#reader.push(chunk)
    } catch (error) {
      this.#close(ConnectError.from(error, Code.DataLoss))
    }
  }

  #frame(bytes: Uint8Array): void {
    if (this.#closed) return
    if (this.#deadline) {
      clearTimeout(this.#deadline)
      this.#deadline = undefined
    }
    this.#events.frame(decodeServerFrame(bytes), bytes.length)
  }

  #cut(): ConnectError | undefined {
    return this.#end === null ? undefined : unavailable("the stream was cut off")
  }

  #sendPing(): void {
    if (this.#session.destroyed || this.#session.connecting) return
    const timer = setTimeout(
      () => this.#close(unavailable(`the server did not answer a ping in ${this.#limits.pingTimeoutMs} ms`)),
      this.#limits.pingTimeoutMs,
    )
    timer.unref()
    // Called with an error when the connection is closed before.
    this.#session.ping(() => clearTimeout(timer))
  }

  #close(error: ConnectError | undefined): void {
    if (this.#closed) return
    this.#closed = true
    clearTimeout(this.#deadline)
    clearInterval(this.#ping)
    // Not within what Node does for a received frame: destroying a session there corrupts its memory
    // (https://github.com/nodejs/node/issues/64113).
    setImmediate(() => this.#session.destroy())
    this.#events.closed(error)
  }
}

function unavailable(message: string, cause?: Error): ConnectError {
  const detail = cause ? `${message}: ${cause.message || (cause as NodeJS.ErrnoException).code}` : message
  return new ConnectError(detail, Code.Unavailable, undefined, undefined, cause)
}
