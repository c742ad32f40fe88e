import { createServer as createHttpServer, type RequestListener } from "node:http"
import { createServer as createHttp2Server, type ServerHttp2Session } from "node:http2"
import { createServer, type Server, type Socket } from "node:net"

/** How every HTTP/2 connection begins (RFC 9113, section 3.4). */
const HTTP2_PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1")

/** The window of an HTTP/2 connection, and of its streams unless they are to have less, in bytes. */
const WINDOW_BYTES = 4 * 1024 * 1024

/** How long a new connection may take to send its first bytes, in milliseconds. */
const FIRST_BYTES_MS = 30_000

/** How long a request over HTTP/1.1 may stand still, in milliseconds. */
const STALLED_MS = 5 * 60_000

/** How long a connection over HTTP/1.1 is kept for the next request, in milliseconds. */
const KEEP_ALIVE_MS = 60_000

/** A server for HTTP/1.1 and for HTTP/2 without TLS, on one port. */
export interface DualServer {
  /** The port that it listens on. */
  readonly port: number
  /** Takes no more connections, tells HTTP/2 clients to go away, and closes what is idle. */
  drain(): void
  /** Closes everything. */
  close(): Promise<void>
}

/** Starts a server whose connections are told apart by their first bytes. */
export async function listenDual(
  {
    host,
    port,
    streamWindowBytes = WINDOW_BYTES,
  }: {
    host: string
    port: number
    /** What a client may send on a stream of HTTP/2 before it is read. */
    streamWindowBytes?: number
  },
  listener: RequestListener,
): Promise<DualServer> {
  const http1 = createHttpServer({ keepAliveTimeout: KEEP_ALIVE_MS }, listener)
  http1.timeout = STALLED_MS
  const http2 = createHttp2Server(
    {
      settings: { initialWindowSize: streamWindowBytes, maxConcurrentStreams: 1000 },
      // In megabytes. What a session may hold back before it refuses streams.
      maxSessionMemory: 64,
    },
    // The compatibility API's request and response are used as HTTP/1.1's are.
    listener as unknown as Parameters<typeof createHttp2Server>[1],
  )
  const sockets = new Set<Socket>()
  const sessions = new Set<ServerHttp2Session>()
  http2.on("session", (session) => {
    session.setLocalWindowSize(WINDOW_BYTES)
    sessions.add(session)
    session.on("close", () => sessions.delete(session))
    session.on("error", () => session.destroy())
  })
  const server: Server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on("close", () => sockets.delete(socket))
    socket.on("error", () => socket.destroy())
    handOver(socket, (target) => (target === "http2" ? http2 : http1).emit("connection", socket))
  })
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject)
    server.listen({ host, port }, () => {
      server.off("error", reject)
      resolve()
    })
  })
  const address = server.address()
  const stopListening = () => {
    if (server.listening) server.close()
  }
  return {
    port: typeof address === "object" && address ? address.port : port,
    drain() {
      stopListening()
      for (const session of sessions) session.close()
      http1.closeIdleConnections()
    },
    async close() {
      stopListening()
      for (const session of sessions) session.destroy()
      for (const socket of sockets) socket.destroy()
      http1.closeAllConnections()
    },
  }
}

/** Waits for enough bytes to know a connection's protocol, and puts them back. */
function handOver(socket: Socket, give: (target: "http1" | "http2") => void): void {
  socket.setTimeout(FIRST_BYTES_MS, () => socket.destroy())
  // Kept here until they are enough: bytes that are put back are readable again at once, for ever.
  let head = Buffer.alloc(0)
  const onReadable = () => {
    const bytes = socket.read() as Buffer | null
    if (bytes === null) return
    head = Buffer.concat([head, bytes])
    const known = Math.min(head.length, HTTP2_PREFACE.length)
    const isPreface = head.subarray(0, known).equals(HTTP2_PREFACE.subarray(0, known))
    if (isPreface && known < HTTP2_PREFACE.length) return
    socket.unshift(head)
    socket.off("readable", onReadable)
    socket.setTimeout(0)
    give(isPreface ? "http2" : "http1")
  }
  socket.on("readable", onReadable)
}
