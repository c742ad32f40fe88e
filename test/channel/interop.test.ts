import { create } from "@bufbuild/protobuf"
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect"
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import {
  CallErrorSchema,
  ChannelRequestSchema,
  type ChannelResponse,
  ErrorKind,
  FunctionService,
  type Timings,
  TimingsLevel,
} from "../../src/gen/faasm/rpc/v1/function_service_pb.ts"
import { describeServers, type TestServer } from "../support/function-servers.ts"

const transports: Record<string, (baseUrl: string) => Transport> = {
  "Connect on HTTP/2": (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "2" }),
  "Connect in JSON on HTTP/2": (baseUrl) =>
    createConnectTransport({ baseUrl, httpVersion: "2", useBinaryFormat: false }),
  gRPC: (baseUrl) => createGrpcTransport({ baseUrl }),
  "gRPC-web on HTTP/2": (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "2" }),
}

const binding = { id: 1, user: "u", function: "echo" }
const helloOf = (sessionId: Uint8Array, more = {}) => ({
  protocolVersion: 1,
  sessionId,
  client: "test",
  ...more,
})
const randomId = () => crypto.getRandomValues(new Uint8Array(16))

/** What an answer tells of its time. */
const levelOf = (timings: Timings | undefined) =>
  timings && (timings.arrivedAtUs === undefined ? "brief" : "detailed")

/** A client frame by frame. */
function opened(transport: Transport) {
  const frames: object[] = []
  let wake = () => {}
  let ended = false
  async function* requests() {
    for (;;) {
      if (frames.length > 0) yield create(ChannelRequestSchema, frames.shift()!)
      else if (ended) return
      else
        await new Promise<void>((resolve) => {
          wake = resolve
        })
    }
  }
  const abort = new AbortController()
  const responses = createClient(FunctionService, transport)
    .channel(requests(), { signal: abort.signal })
    [Symbol.asyncIterator]()
  return {
    send(frame: object) {
      frames.push(frame)
      wake()
    },
    end() {
      ended = true
      wake()
    },
    drop: () => abort.abort(),
    async receive(): Promise<ChannelResponse> {
      const { value, done } = await responses.next()
      if (done) throw new Error("the stream ended")
      return value
    },
    ended: async () => (await responses.next()).done,
  }
}

describeServers(({ name: kind, start }) => {
  let server: TestServer
  beforeAll(async () => {
    server = await start()
  })
  afterAll(() => server.close())

  for (const [protocol, transportTo] of Object.entries(transports)) {
    // Of no use on HTTP/2 without a browser.
    if (kind === "native" && protocol.startsWith("gRPC-web")) continue
    describe(`a client of ${protocol}`, () => {
      it("invokes", async () => {
        const client = createClient(FunctionService, transportTo(server.url))
        const response = await client.invoke({ user: "u", function: "echo", input: Buffer.from("hi") })
        expect(Buffer.from(response.output).toString()).toBe("hi")
        expect(response.timings).toBeUndefined()
      })

      it("is told the timings that it asks for, and no others", async () => {
        const transport = transportTo(server.url)
        const client = createClient(FunctionService, transport)
        const stream = opened(transport)
        stream.send({
          hello: helloOf(randomId()),
          bindings: [binding, { ...binding, id: 2, function: "trap" }],
        })
        await stream.receive()
        let id = 0n
        for (const [timings, answered] of [
          [TimingsLevel.UNSPECIFIED, undefined],
          [TimingsLevel.BRIEF, "brief"],
          [TimingsLevel.DETAILED, "detailed"],
          // Numbers that are no level ask for nothing.
          [3, undefined],
          [2 ** 31 - 1, undefined],
          [-1, undefined],
        ] as const) {
          const told = [(await client.invoke({ user: "u", function: "echo", timings })).timings]
          for (const binding of [1, 2]) {
            stream.send({ calls: [{ id: ++id, binding, timings }] })
            const [result] = (await stream.receive()).results
            expect(result).toMatchObject({ id, outcome: { case: binding === 1 ? "output" : "error" } })
            told.push(result!.timings)
          }
          expect(told.map(levelOf)).toEqual([answered, answered, answered])
        }
        stream.end()
        await stream.ended()
      })

      it("is told what is wrong with the code and the details of the contract", async () => {
        const client = createClient(FunctionService, transportTo(server.url))
        const error = await client.invoke({ user: "u", function: "absent" }).catch((e) => e)
        expect(error).toBeInstanceOf(ConnectError)
        expect(error.code).toBe(Code.NotFound)
        expect(error.findDetails(CallErrorSchema)).toMatchObject([
          { kind: ErrorKind.UNKNOWN_FUNCTION, mayHaveRun: false },
        ])
        const nameless = await client.invoke({ user: "u" }).catch((e) => e)
        expect(nameless.code).toBe(Code.InvalidArgument)
      })

      it("calls over a channel, and resumes it", async () => {
        const server = await start()
        const sessionId = randomId()
        const first = opened(transportTo(server.url))
        first.send({ hello: helloOf(sessionId), bindings: [binding], calls: [{ id: 1n, binding: 1 }] })
        const { welcome } = await first.receive()
        expect(welcome).toMatchObject({ resumed: false, lastCallId: 0n, protocolVersion: 1 })
        expect(welcome!.limits!.maxFrameBytes).toBeGreaterThan(0)
        expect(await first.receive()).toMatchObject({ sequence: 1n, results: [{ id: 1n }] })
        first.send({ calls: [{ id: 5n, binding: 1, input: Buffer.from("five") }] })
        const five = await first.receive()
        expect(five).toMatchObject({ sequence: 2n, results: [{ id: 5n, outcome: { case: "output" } }] })
        first.drop()

        const second = opened(transportTo(server.url))
        second.send({ hello: helloOf(sessionId, { resume: true, receivedSequence: 1n }) })
        expect((await second.receive()).welcome).toMatchObject({ resumed: true, lastCallId: 5n })
        expect(await second.receive()).toEqual(five)
        second.send({ ack: 2n })
        second.end()
        expect(await second.ended()).toBe(true)
        await expect.poll(() => server.sessions()).toBe(0)
        await server.close()
      })

      for (const [what, frames, code] of [
        ["no hello", [{ ack: 1n }], Code.InvalidArgument],
        [
          "another version",
          [{ hello: helloOf(randomId(), { protocolVersion: 7 }) }],
          Code.FailedPrecondition,
        ],
        ["a short session id", [{ hello: helloOf(new Uint8Array(3)) }], Code.InvalidArgument],
        [
          "a second hello",
          [{ hello: helloOf(randomId()) }, { hello: helloOf(randomId()) }],
          Code.InvalidArgument,
        ],
        [
          "an unknown binding",
          [{ hello: helloOf(randomId()), calls: [{ id: 1n, binding: 9 }] }],
          Code.InvalidArgument,
        ],
        [
          "descending call ids",
          [
            {
              hello: helloOf(randomId()),
              bindings: [binding],
              calls: [
                { id: 2n, binding: 1 },
                { id: 2n, binding: 1 },
              ],
            },
          ],
          Code.InvalidArgument,
        ],
        ["an ack of the future", [{ hello: helloOf(randomId()), ack: 5n }], Code.InvalidArgument],
        [
          "too large a frame",
          [{ hello: helloOf(randomId(), { client: "x".repeat(1100 * 1024) }) }],
          Code.ResourceExhausted,
        ],
      ] as const) {
        it(`has its stream ended for ${what}`, async () => {
          if (what === "too large a frame" && protocol !== "Connect on HTTP/2") return
          const stream = opened(transportTo(server.url))
          for (const frame of frames) stream.send(frame)
          const error = await (async () => {
            for (;;) await stream.receive()
          })().catch((e) => e)
          expect(error).toBeInstanceOf(ConnectError)
          expect(error.code).toBe(code)
        })
      }
    })
  }

  describe("a session", () => {
    it("is taken over by a newer stream", async () => {
      const transport = transports["Connect on HTTP/2"]!(server.url)
      const sessionId = randomId()
      const old = opened(transport)
      old.send({ hello: helloOf(sessionId) })
      await old.receive()
      const next = opened(transport)
      next.send({ hello: helloOf(sessionId, { resume: true }) })
      expect((await next.receive()).welcome!.resumed).toBe(true)
      const error = await old.receive().catch((e) => e)
      expect(error.code).toBe(Code.Aborted)
      next.end()
      expect(await next.ended()).toBe(true)
    })

    it("is forgotten after a while without a stream, and what runs is stopped", async () => {
      const server = await start({ resumeWindowMs: 200 })
      const transport = transports["Connect on HTTP/2"]!(server.url)
      const stream = opened(transport)
      stream.send({
        hello: helloOf(randomId()),
        bindings: [{ ...binding, function: "never" }],
        calls: [{ id: 1n, binding: 1 }],
      })
      await stream.receive()
      await expect.poll(() => server.invoker.running).toBe(1)
      stream.drop()
      await expect.poll(() => server.sessions()).toBe(0)
      await expect.poll(() => server.invoker.running).toBe(0)
      await server.close()
    })
  })
})
