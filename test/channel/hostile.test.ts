import { once } from "node:events"
import { type ClientHttp2Stream, connect } from "node:http2"
import { connect as connectSocket } from "node:net"
import { create } from "@bufbuild/protobuf"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { openChannel } from "../../src/channel/index.ts"
import { HelloSchema } from "../../src/gen/faasm/rpc/v1/function_service_pb.ts"
import { encodeClientFrame } from "../../src/rpc/client-frame.ts"
import { allocateEnvelope, ENVELOPE_BYTES } from "../../src/rpc/envelope.ts"
import { describeServers, type TestServer } from "../support/function-servers.ts"
import { seededRandom } from "./chaos-proxy.ts"

/** A session that is destroyed while Node handles one of its frames corrupts memory (nodejs/node#64113). */
const outsideOfHttp2 = () => new Promise((resolve) => setImmediate(resolve))

/** Everything that the server sent until it ended the stream. */
async function rest(stream: ClientHttp2Stream): Promise<string> {
  let text = ""
  stream.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1")
  })
  await once(stream, "end")
  return text
}

const hello = (random: () => number) =>
  create(HelloSchema, {
    protocolVersion: 1,
    sessionId: Uint8Array.from({ length: 16 }, () => random() * 256),
  })

describeServers(({ name: kind, start }) => {
  let server: TestServer
  beforeAll(async () => {
    server = await start({
      resumeWindowMs: 100,
      maxSessions: 20,
      maxFrameBytes: 4096,
      maxBindings: 10,
    })
  })
  afterAll(() => server.close())

  async function withStreams(use: (open: () => ClientHttp2Stream) => Promise<void>): Promise<void> {
    const session = connect(server.url)
    session.on("error", () => {})
    try {
      await use(() => {
        const stream = session.request({
          ":method": "POST",
          ":path": "/faasm.rpc.v1.FunctionService/Channel",
          "content-type": "application/connect+proto",
        })
        stream.on("error", () => {})
        return stream
      })
    } finally {
      await outsideOfHttp2()
      session.destroy()
    }
  }

  describe("a server with hostile clients", () => {
    it("survives random frames, and serves the others meanwhile", async () => {
      const channel = openChannel({ servers: [server.url] })
      const random = seededRandom(7)
      const bytes = (most: number) =>
        Buffer.from(Uint8Array.from({ length: random() * most }, () => random() * 256))
      const envelope = (message: Uint8Array) => {
        const buffer = allocateEnvelope(message.length, random() < 0.1 ? 255 : 0)
        buffer.set(message, ENVELOPE_BYTES)
        return buffer
      }
      const frame = () => {
        const id = () => Math.floor(random() * 5)
        return encodeClientFrame({
          hello: random() < 0.3 ? hello(random) : undefined,
          ack: random() < 0.2 ? id() : 0,
          bindings: random() < 0.5 ? [{ id: id(), user: "u", function: "echo", timeoutMs: id() }] : [],
          calls:
            random() < 0.5
              ? [{ id: id(), binding: id(), input: bytes(50), timeoutMs: 0, traceparent: "" }]
              : [],
          cancels: random() < 0.2 ? [id()] : [],
        })
      }
      for (let round = 0; round < 30; round++) {
        await withStreams(async (open) => {
          for (let i = 0; i < 10; i++) {
            const stream = open()
            stream.resume()
            if (random() < 0.6)
              stream.write(
                encodeClientFrame({ hello: hello(random), ack: 0, bindings: [], calls: [], cancels: [] }),
              )
            for (let n = 0; n < 5; n++) {
              const dice = random()
              const chunk = dice < 0.3 ? bytes(100) : dice < 0.6 ? envelope(bytes(100)) : frame()
              if (random() < 0.3 && chunk.length > ENVELOPE_BYTES)
                chunk[Math.floor(random() * chunk.length)] = random() * 256
              stream.write(chunk)
            }
            if (random() < 0.5) stream.end()
          }
          const { output } = await channel.invoke({
            user: "u",
            function: "echo",
            input: Buffer.from("still here"),
            idempotent: false,
          })
          expect(Buffer.from(output).toString()).toBe("still here")
        })
      }
      await channel.close()
      await expect.poll(() => server.sessions()).toBe(0)
      await expect.poll(() => server.invoker.running).toBe(0)
    })

    it("ends only the stream that a malformed frame came by", async () => {
      await withStreams(async (open) => {
        const random = seededRandom(1)
        const first = encodeClientFrame({
          hello: hello(random),
          ack: 0,
          bindings: [],
          calls: [],
          cancels: [],
        })
        const [good, bad] = [open(), open()]
        good.write(first)
        bad.write(encodeClientFrame({ hello: hello(random), ack: 0, bindings: [], calls: [], cancels: [] }))
        const broken = allocateEnvelope(1)
        broken[ENVELOPE_BYTES] = 0x07
        bad.write(broken)
        expect(await rest(bad)).toMatch(/"invalid_argument"/)
        good.end()
        expect(await rest(good)).not.toMatch(/error/)
      })
    })

    it.runIf(kind === "embedded")("survives requests that connect-node can't take", async () => {
      const socket = connectSocket(server.port, "127.0.0.1")
      socket.write("POST /faasm.rpc.v1.FunctionService/Invoke HTTP/1.0\r\ncontent-length: 0\r\n\r\n")
      const [answer] = await once(socket, "data")
      expect(String(answer)).toMatch(/^HTTP\/1.1 400 /)
      socket.destroy()
    })

    it("bounds frames, bindings and sessions", async () => {
      const random = seededRandom(2)
      await withStreams(async (open) => {
        const large = open()
        large.write(Buffer.from([0, 0, 1, 0, 0]))
        expect(await rest(large)).toMatch(/"resource_exhausted".*4096/)
        const many = open()
        const bindings = Array.from({ length: 11 }, (_, i) => ({
          id: i + 1,
          user: "u",
          function: "f",
          timeoutMs: 0,
        }))
        many.write(encodeClientFrame({ hello: hello(random), ack: 0, bindings, calls: [], cancels: [] }))
        expect(await rest(many)).toMatch(/"resource_exhausted".*10 bindings/)
        const streams = Array.from({ length: 25 }, () => {
          const stream = open()
          stream.write(
            encodeClientFrame({ hello: hello(random), ack: 0, bindings: [], calls: [], cancels: [] }),
          )
          return rest(stream)
        })
        expect(await Promise.race(streams)).toMatch(/"resource_exhausted".*20 sessions/)
        expect(await server.sessions()).toBe(20)
      })
      await expect.poll(() => server.sessions()).toBe(0)
    })

    it("refuses more calls than credits", async () => {
      const small = await start({ credits: 3 })
      const session = connect(small.url)
      const stream = session.request({
        ":method": "POST",
        ":path": "/faasm.rpc.v1.FunctionService/Channel",
        "content-type": "application/connect+proto",
      })
      const call = (id: number) => ({
        id,
        binding: 1,
        input: new Uint8Array(),
        timeoutMs: 0,
        traceparent: "",
      })
      stream.write(
        encodeClientFrame({
          hello: hello(seededRandom(3)),
          ack: 0,
          bindings: [{ id: 1, user: "u", function: "never", timeoutMs: 0 }],
          calls: [1, 2, 3, 4].map(call),
          cancels: [],
        }),
      )
      expect(await rest(stream)).toMatch(/"resource_exhausted".*3 calls/)
      expect(small.invoker.calls.length).toBe(0)
      await outsideOfHttp2()
      session.destroy()
      await small.close()
    })

    it("bounds names, and what waits for acknowledgements", async () => {
      const small = await start({ maxRetainedBytes: 1000 })
      const session = connect(small.url)
      const open = () =>
        session.request({
          ":method": "POST",
          ":path": "/faasm.rpc.v1.FunctionService/Channel",
          "content-type": "application/connect+proto",
        })
      const random = seededRandom(4)
      const nothing = { ack: 0, bindings: [], calls: [], cancels: [] }
      const binding = { id: 1, user: "u", function: "echo", timeoutMs: 0 }
      const call = (id: number) => ({
        id,
        binding: 1,
        input: new Uint8Array(600),
        timeoutMs: 0,
        traceparent: "",
      })

      const named = open()
      const long = { ...binding, function: "f".repeat(257) }
      named.write(encodeClientFrame({ ...nothing, hello: hello(random), bindings: [long] }))
      expect(await rest(named)).toMatch(/"invalid_argument".*256 characters/)

      const stream = open()
      let text = ""
      stream.on("data", (chunk: Buffer) => {
        text += chunk.toString("latin1")
      })
      stream.write(
        encodeClientFrame({
          ...nothing,
          hello: hello(random),
          bindings: [binding],
          calls: [call(1), call(2)],
        }),
      )
      await expect.poll(() => text.length).toBeGreaterThan(1200)
      stream.write(encodeClientFrame({ ...nothing, calls: [call(3), call(4)] }))
      await expect.poll(() => text).toMatch(/too much waits for acknowledgements/)
      stream.write(encodeClientFrame({ ...nothing, ack: 1 }))
      stream.end()
      await once(stream, "end")
      expect(text.match(/too much waits/g)).toHaveLength(1)
      await outsideOfHttp2()
      session.destroy()
      await small.close()
    })
  })
})
