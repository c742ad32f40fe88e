import { randomBytes } from "node:crypto"
import { create } from "@bufbuild/protobuf"
import { Code } from "@connectrpc/connect"
import { describe, expect, it } from "vitest"
import { ErrorKind, HelloSchema } from "../../src/gen/faasm/rpc/v1/function_service_pb.ts"
import { ENVELOPE_BYTES } from "../../src/rpc/envelope.ts"
import { decodeServerFrame, type FrameResult } from "../../src/rpc/server-frame.ts"
import { type FunctionServiceOptions, serviceLimits } from "../../src/runtime/function-service/options.ts"
import type { Session } from "../../src/runtime/function-service/session.ts"
import { Sessions } from "../../src/runtime/function-service/sessions.ts"
import { TestInvoker } from "../channel/test-invoker.ts"

function startSessions(options: FunctionServiceOptions) {
  const invoker = new TestInvoker()
  return { invoker, sessions: new Sessions(invoker, serviceLimits({ credits: 1000, ...options }, invoker)) }
}

/** A client that acknowledges nothing of its own accord. */
class Client {
  readonly results: FrameResult[] = []
  readonly hello
  sequence = 0
  #session: Session
  #lastId = 0

  constructor(
    readonly sessions: Sessions,
    sessionId: Uint8Array = randomBytes(16),
  ) {
    this.hello = create(HelloSchema, { protocolVersion: 1, sessionId })
    this.#session = this.open(0)
  }

  open(receivedSequence: number): Session {
    const hello = { ...this.hello, resume: receivedSequence > 0, receivedSequence: BigInt(receivedSequence) }
    this.#session = this.sessions.open(hello, {
      write: (frame, written) => {
        const { sequence, results } = decodeServerFrame(frame.subarray(ENVELOPE_BYTES))
        if (sequence > 0) this.sequence = sequence
        this.results.push(...results)
        setImmediate(written)
      },
      end: () => {},
    })
    return this.#session
  }

  /** Calls a function; returns its answer. */
  async call(name: string, input: string, timeoutMs = 1000): Promise<FrameResult> {
    const id = this.send(name, input, timeoutMs)
    await expect.poll(() => this.results.some((r) => r.id === id)).toBe(true)
    return this.results.find((r) => r.id === id)!
  }

  send(name: string, input: string, timeoutMs = 1000): number {
    const id = ++this.#lastId
    this.#session.receive({
      hello: undefined,
      ack: 0,
      bindings: [{ id: id, user: "u", function: name, timeoutMs }],
      calls: [{ id, binding: id, input: Buffer.from(input), timeoutMs: 0, traceparent: "" }],
      cancels: [],
    })
    return id
  }

  acknowledge(): void {
    const ack = this.sequence
    this.#session.receive({ hello: undefined, ack, bindings: [], calls: [], cancels: [] })
  }
}

describe("a client that does not acknowledge", () => {
  it("has its calls held back, and answered at their deadline", async () => {
    const { sessions, invoker } = startSessions({ maxRetainedBytes: 1000 })
    const client = new Client(sessions)
    await client.call("big", "1500")
    const started = performance.now()
    const late = await client.call("echo", "x", 100)
    expect(late.error).toMatchObject({ kind: ErrorKind.TIMEOUT, mayHaveRun: false })
    expect(performance.now() - started).toBeGreaterThanOrEqual(95)
    expect(invoker.calls.map((call) => call.function)).toEqual(["big"])
    sessions.close()
  })

  it("has them started in time when it acknowledges after all", async () => {
    const { sessions } = startSessions({ maxRetainedBytes: 1000 })
    const client = new Client(sessions)
    await client.call("big", "1500")
    const id = client.send("echo", "x", 5000)
    client.acknowledge()
    await expect.poll(() => client.results.find((r) => r.id === id)?.output).toEqual(Buffer.from("x"))
    sessions.close()
  })

  it("gets an error for an output that is far more than may be kept, and can't go on for ever", async () => {
    const { sessions } = startSessions({ maxRetainedBytes: 1000 })
    const client = new Client(sessions)
    const first = client.send("slow", "400".padStart(500), 5000)
    await client.call("big", "900")
    // It started while there was room.
    const output = await client.call("big", "1200")
    expect(output.error).toMatchObject({ kind: ErrorKind.OVERLOADED, mayHaveRun: true })
    await expect.poll(() => client.results.some((r) => r.id === first)).toBe(true)
    const endless = async () => {
      for (;;) await client.call("echo", "x", 1)
    }
    await expect(endless()).rejects.toMatchObject({ code: Code.ResourceExhausted })
    client.acknowledge()
    expect((await client.call("echo", "again")).output).toEqual(Buffer.from("again"))
    sessions.close()
  })

  it("can't resume from a frame that was never sent", async () => {
    const { sessions } = startSessions({})
    const client = new Client(sessions)
    await client.call("echo", "x")
    expect(() => client.open(client.sequence + 1)).toThrow("never sent")
    client.open(client.sequence)
    sessions.close()
  })
})

describe("all sessions together", () => {
  it("keep a bounded number of bytes, and those that keep little go on", async () => {
    const { sessions, invoker } = startSessions({ maxRetainedBytes: 10_000, maxKeptBytes: 10_000 })
    const hoarders = [new Client(sessions), new Client(sessions)]
    for (const hoarder of hoarders) await hoarder.call("big", "6000")
    const modest = new Client(sessions)
    const held = hoarders[0]!.send("echo", "held", 60_000)
    expect((await modest.call("echo", "modest")).output).toEqual(Buffer.from("modest"))
    expect(hoarders[0]!.results.some((r) => r.id === held)).toBe(false)
    hoarders[0]!.acknowledge()
    await expect.poll(() => hoarders[0]!.results.some((r) => r.id === held)).toBe(true)
    expect(invoker.running).toBe(0)
    sessions.close()
  })
})
