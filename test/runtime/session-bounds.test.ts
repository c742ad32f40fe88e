import { randomBytes } from "node:crypto"
import { once } from "node:events"
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2"
import { create } from "@bufbuild/protobuf"
import { Code, type ConnectError } from "@connectrpc/connect"
import { afterEach, describe, expect, it } from "vitest"
import { ErrorKind, HelloSchema } from "../../src/gen/faasm/rpc/v1/function_service_pb.ts"
import { type ClientFrame, encodeClientFrame } from "../../src/rpc/client-frame.ts"
import { EnvelopeReader } from "../../src/rpc/envelope.ts"
import { decodeServerFrame, type FrameResult } from "../../src/rpc/server-frame.ts"
import { describeServers, type TestServer, type TestServerOptions } from "../support/function-servers.ts"

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const NOTHING = { ack: 0, bindings: [], calls: [], cancels: [] }

/** A client that acknowledges nothing of its own accord. */
class Client {
  readonly results: FrameResult[] = []
  /** How the newest stream ended, if it has. */
  ended: ConnectError | "no error" | undefined
  sequence = 0
  readonly #sessionId = randomBytes(16)
  readonly #connection: ClientHttp2Session
  #stream: ClientHttp2Stream
  /** Of the stream, by function and time. */
  readonly #bindings = new Map<string, number>()
  #lastId = 0

  constructor(server: TestServer) {
    this.#connection = connect(server.url)
    this.#connection.on("error", () => {})
    cleanups.push(async () => {
      // Not within what Node does for a received frame (nodejs/node#64113).
      await new Promise((resolve) => setImmediate(resolve))
      this.#connection.destroy()
    })
    this.#stream = this.open(0)
  }

  /** Opens a stream for the session, which takes it over. */
  open(receivedSequence: number): ClientHttp2Stream {
    const stream = this.#connection.request({
      ":method": "POST",
      ":path": "/faasm.rpc.v1.FunctionService/Channel",
      "content-type": "application/connect+proto",
    })
    const reader = new EnvelopeReader(1024 * 1024, {
      message: (bytes) => {
        const { sequence, results } = decodeServerFrame(bytes)
        if (sequence > 0) this.sequence = sequence
        this.results.push(...results)
      },
      end: (error) => {
        if (stream === this.#stream) this.ended = error ?? "no error"
      },
    })
    stream.on("data", (chunk: Buffer) => reader.push(chunk))
    stream.on("error", () => {})
    this.#stream = stream
    this.#bindings.clear()
    const resume = receivedSequence > 0
    const hello = {
      protocolVersion: 1,
      sessionId: this.#sessionId,
      resume,
      receivedSequence: BigInt(receivedSequence),
    }
    this.#write({ ...NOTHING, hello: create(HelloSchema, hello) })
    return stream
  }

  #write(frame: ClientFrame): void {
    this.#stream.write(encodeClientFrame(frame))
  }

  /** Calls a function; returns its answer. */
  async call(name: string, input: string, timeoutMs = 60_000): Promise<FrameResult> {
    const id = this.send(name, input, timeoutMs)
    await expect
      .poll(() => this.ended !== undefined || this.results.some((r) => r.id === id), { interval: 5 })
      .toBe(true)
    if (this.ended !== undefined) throw this.ended
    return this.results.find((r) => r.id === id)!
  }

  send(name: string, input: string, timeoutMs = 60_000): number {
    const id = ++this.#lastId
    const key = `${name} ${timeoutMs}`
    const binding = this.#bindings.get(key) ?? id
    const bindings = binding === id ? [{ id, user: "u", function: name, timeoutMs }] : []
    this.#bindings.set(key, binding)
    const call = { id, binding, input: Buffer.from(input), timeoutMs: 0, traceparent: "" }
    this.#write({ ...NOTHING, bindings, calls: [call] })
    return id
  }

  acknowledge(): void {
    this.#write({ ...NOTHING, ack: this.sequence })
  }
}

describeServers(({ start }) => {
  async function serve(options: TestServerOptions): Promise<TestServer> {
    const server = await start({ credits: 1000, ...options })
    cleanups.push(() => server.close())
    return server
  }

  describe("a client that does not acknowledge", () => {
    it("has its calls held back, and answered at their deadline", async () => {
      const server = await serve({ maxRetainedBytes: 1000 })
      const client = new Client(server)
      await client.call("big", "1500")
      const started = performance.now()
      const late = await client.call("echo", "x", 100)
      expect(late.error).toMatchObject({ kind: ErrorKind.TIMEOUT, mayHaveRun: false })
      expect(performance.now() - started).toBeGreaterThanOrEqual(95)
      expect(server.invoker.calls.map((call) => call.function)).toEqual(["big"])
    })

    it("has them started in time when it acknowledges after all", async () => {
      const server = await serve({ maxRetainedBytes: 1000 })
      const client = new Client(server)
      await client.call("big", "1500")
      const id = client.send("echo", "x")
      client.acknowledge()
      await expect.poll(() => client.results.find((r) => r.id === id)?.output).toEqual(Buffer.from("x"))
    })

    it("gets an error for an output that is far more than may be kept, and can't go on for ever", async () => {
      const server = await serve({ maxRetainedBytes: 1000 })
      const client = new Client(server)
      const first = client.send("slow", "2000".padStart(500))
      await client.call("big", "900")
      // It started while there was room.
      const output = await client.call("big", "1200")
      expect(output.error).toMatchObject({ kind: ErrorKind.OVERLOADED, mayHaveRun: true })
      await expect.poll(() => client.results.some((r) => r.id === first)).toBe(true)
      const endless = async () => {
        for (;;) await client.call("echo", "x", 1)
      }
      await expect(endless()).rejects.toMatchObject({ code: Code.ResourceExhausted })
      client.ended = undefined
      client.open(client.sequence)
      expect((await client.call("echo", "again")).output).toEqual(Buffer.from("again"))
    })

    it("can't resume from a frame that was never sent", async () => {
      const server = await serve({})
      const client = new Client(server)
      await client.call("echo", "x")
      const { sequence } = client
      await once(client.open(sequence + 1), "end")
      expect(client.ended).toMatchObject({
        code: Code.InvalidArgument,
        message: expect.stringContaining("never sent"),
      })
      client.ended = undefined
      client.open(sequence)
      expect((await client.call("echo", "again")).output).toEqual(Buffer.from("again"))
    })
  })

  describe("all sessions together", () => {
    it("keep a bounded number of bytes, and those that keep little go on", async () => {
      const server = await serve({ maxRetainedBytes: 10_000, maxKeptBytes: 10_000 })
      const hoarders = [new Client(server), new Client(server)]
      for (const hoarder of hoarders) {
        // The native server takes no more bindings from who keeps much.
        await hoarder.call("echo", "first")
        await hoarder.call("big", "6000")
      }
      const modest = new Client(server)
      const held = hoarders[0]!.send("echo", "held", 60_000)
      expect((await modest.call("echo", "modest")).output).toEqual(Buffer.from("modest"))
      expect(hoarders[0]!.results.some((r) => r.id === held)).toBe(false)
      hoarders[0]!.acknowledge()
      await expect.poll(() => hoarders[0]!.results.some((r) => r.id === held)).toBe(true)
      await expect.poll(() => server.invoker.running).toBe(0)
    })
  })
})
