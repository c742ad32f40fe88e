import { fromBinary, toBinary } from "@bufbuild/protobuf"
import { ConnectError } from "@connectrpc/connect"
import {
  type ChannelRequest,
  ChannelRequestSchema,
  type ChannelResponse,
  ChannelResponseSchema,
} from "../../gen/faasm/rpc/v1/function_service_pb.ts"
import { ENVELOPE_BYTES } from "../../rpc/envelope.ts"
import type { FramePort, StreamError } from "./frame-port.ts"
import type { Sessions } from "./sessions.ts"
import { ChannelStream } from "./stream.ts"

/** Serves a stream that came by any protocol of connect-node: gRPC, gRPC-web, or Connect in JSON. */
export async function* serveIterable(
  requests: AsyncIterable<ChannelRequest>,
  sessions: Sessions,
  signal: AbortSignal,
  isReset: () => boolean,
): AsyncGenerator<ChannelResponse> {
  let waiting: { frame: Buffer; written: () => void }[] = []
  let end: { error?: StreamError } | undefined
  let wake = () => {}
  const port: FramePort = {
    write(frame, written) {
      waiting.push({ frame, written })
      wake()
    },
    end(error) {
      end ??= { error }
      wake()
    },
  }
  const stream = new ChannelStream(sessions, port)
  const onAbort = () => port.end()
  signal.addEventListener("abort", onAbort)
  const reading = read(requests, stream, isReset)
  try {
    for (;;) {
      const frames = waiting
      waiting = []
      for (const { frame, written } of frames) {
        yield fromBinary(ChannelResponseSchema, frame.subarray(ENVELOPE_BYTES))
        written()
      }
      if (waiting.length > 0) continue
      if (end) break
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
    if (end.error) throw new ConnectError(end.error.message, end.error.code)
  } finally {
    signal.removeEventListener("abort", onAbort)
    stream.closed()
    // It ends with the stream, but nobody else would hear of its errors.
    reading.catch(() => {})
  }
}

async function read(
  requests: AsyncIterable<ChannelRequest>,
  stream: ChannelStream,
  isReset: () => boolean,
): Promise<void> {
  try {
    for await (const request of requests) stream.receive(toBinary(ChannelRequestSchema, request))
    // Clients of connect-node that abort half-close first, and reset the stream right after.
    await new Promise((resolve) => setImmediate(resolve))
    if (isReset()) stream.closed()
    else stream.halfClose()
  } catch (error) {
    stream.fail(error)
  }
}
