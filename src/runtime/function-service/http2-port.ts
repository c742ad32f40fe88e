import type { ServerHttp2Stream } from "node:http2"
import { Code } from "@connectrpc/connect"
import { EnvelopeReader, endStreamEnvelope } from "../../rpc/envelope.ts"
import { type FramePort, StreamError } from "./frame-port.ts"
import type { Sessions } from "./sessions.ts"
import { ChannelStream } from "./stream.ts"

/** How often a silent client is asked whether it is still there, in ms. */
const PING_INTERVAL_MS = 20_000

/**
 * Serves a stream of the Connect protocol in protobuf, uncompressed, straight on HTTP/2: what every gateway opens.
 * The general way, by connect-node, costs several times the latency, in layers of async iterators.
 */
export function serveHttp2Stream(http2: ServerHttp2Stream, sessions: Sessions, maxFrameBytes: number): void {
  // A connection that is lost at once can leave streams that are dead on arrival.
  if (http2.destroyed || http2.closed) return
  http2.respond({ ":status": 200, "content-type": "application/connect+proto" })
  let ended = false
  const port: FramePort = {
    write(frame, written) {
      if (!ended && !http2.destroyed) http2.write(frame, () => written())
    },
    end(error) {
      if (ended) return
      ended = true
      // Not within what Node does for a received frame: closing streams there corrupts its memory
      // (https://github.com/nodejs/node/issues/64113).
      setImmediate(() => {
        if (!http2.destroyed) http2.end(endStreamEnvelope(error))
        // What the client still sends is of no use, but has to be read for the stream to close.
        http2.resume()
      })
    },
  }
  const stream = new ChannelStream(sessions, port)
  const reader = new EnvelopeReader(maxFrameBytes, { message: (bytes) => stream.receive(bytes) })
  const ping = pingWhile(http2)
  http2.on("data", (chunk: Buffer) => {
    if (ended) return
    try {
      reader.push(chunk)
    } catch (error) {
      stream.fail(error)
    }
  })
  http2.on("end", () => {
    // Clients of connect-node that abort half-close first, and reset the stream right after.
    setImmediate(() => {
      if (http2.closed || http2.destroyed) return
      if (reader.isEmpty) stream.halfClose()
      else stream.fail(new StreamError(Code.InvalidArgument, "the stream ended within a frame"))
    })
  })
  // A lost connection; the session waits for the next.
  http2.on("error", () => {})
  http2.on("close", () => {
    clearInterval(ping)
    ended = true
    stream.closed()
  })
}

/** Without pings, a client whose machine is gone would have its session for ever. */
function pingWhile(http2: ServerHttp2Stream): NodeJS.Timeout {
  let answered = true
  const timer = setInterval(() => {
    const { session } = http2
    if (!session || session.destroyed) return
    if (!answered) {
      session.destroy()
      return
    }
    answered = false
    session.ping((error) => {
      answered = !error
    })
  }, PING_INTERVAL_MS)
  timer.unref()
  return timer
}
