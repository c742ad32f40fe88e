import { setMaxListeners } from "node:events"
import { Code } from "@connectrpc/connect"
import { afterEach, describe, expect, it } from "vitest"
import { type Channel, type ChannelOptions, InvokeError, openChannel } from "../../src/channel/index.ts"
import { ErrorKind, TimingsLevel } from "../../src/gen/faasm/rpc/v1/function_service_pb.ts"
import { describeServers, type TestServer, type TestServerOptions } from "../support/function-servers.ts"
import { startChaosProxy } from "./chaos-proxy.ts"

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

function open(servers: string[], options: Omit<ChannelOptions, "servers"> = {}): Channel {
  const channel = openChannel({ servers, ...options })
  cleanups.push(() => channel.close())
  return channel
}

const call = (name: string, input: string | Uint8Array = "", more = {}) => ({
  user: "u",
  function: name,
  input: Buffer.from(input as string),
  idempotent: false,
  ...more,
})

const failure = (answer: Promise<unknown>): Promise<InvokeError> =>
  answer.then(
    () => {
      throw new Error("the call did not fail")
    },
    (error) => {
      expect(error).toBeInstanceOf(InvokeError)
      return error
    },
  )

describeServers(({ name: kind, start }) => {
  async function serve(options?: TestServerOptions): Promise<TestServer> {
    const server = await start(options)
    cleanups.push(() => server.close())
    return server
  }

  describe("a channel", () => {
    it("calls a function", async () => {
      const server = await serve()
      const channel = open([server.url])
      const more = { traceparent: "00-1-2-03", timings: TimingsLevel.BRIEF }
      const result = await channel.invoke(call("echo", "hello", more))
      expect(Buffer.from(result.output).toString()).toBe("hello")
      const timings =
        kind === "embedded"
          ? { queuedUs: 1, executedUs: 2 }
          : { queuedUs: expect.any(Number), executedUs: expect.any(Number) }
      expect(result).toMatchObject({ way: "rpc", timings: { ...timings, cold: false } })
      const user = kind === "embedded" ? { user: "u" } : {}
      expect(server.invoker.calls[0]).toMatchObject({ ...user, function: "echo", traceparent: "00-1-2-03" })
    })

    it("tells where a call's time went, to who asks for it", async () => {
      const nowUs = () => Number(process.hrtime.bigint() / 1000n)
      const server = await serve()
      const channel = open([server.url])
      // What fits in no frame goes by Invoke.
      for (const input of ["small", Buffer.alloc(3 * 1024 * 1024)]) {
        const told = async (timings?: TimingsLevel) =>
          (await channel.invoke(call("echo", input, { timings }))).timings
        expect(await told()).toBeUndefined()
        expect(await told(TimingsLevel.UNSPECIFIED)).toBeUndefined()
        expect(await told(TimingsLevel.BRIEF)).toEqual({
          queuedUs: expect.any(Number),
          executedUs: expect.any(Number),
          cold: false,
        })
        const sentUs = nowUs()
        const { arrivedAtUs } = (await told(TimingsLevel.DETAILED))!
        expect(arrivedAtUs).toBeGreaterThanOrEqual(sentUs)
        expect(arrivedAtUs).toBeLessThanOrEqual(nowUs())
      }
    })

    it("does not take its own process's being busy for an outage", async () => {
      const server = await serve()
      const channel = open([server.url], { outageMs: 20 })
      const busyUntil = performance.now() + 60
      while (performance.now() < busyUntil);
      const { output } = await channel.invoke(call("echo", "hello"))
      expect(Buffer.from(output).toString()).toBe("hello")
    })

    it("answers many at once, out of order, and waits for credits", async () => {
      const server = await serve({ credits: 100, echoDelayMs: [0, 20] })
      const channel = open([server.url])
      const results = await Promise.all(
        Array.from({ length: 2000 }, (_, i) => channel.invoke(call("echo", String(i)))),
      )
      for (let i = 0; i < 2000; i++) expect(Buffer.from(results[i]!.output).toString()).toBe(String(i))
      expect(channel.status()[0]).toMatchObject({ ready: true, inFlight: 0 })
    })

    it("refuses calls at once when too many wait", async () => {
      const server = await serve({ credits: 10 })
      const channel = open([server.url], { maxWaiting: 5 })
      await channel.ready()
      const controller = new AbortController()
      const { signal } = controller
      setMaxListeners(0, signal)
      const answers = Array.from({ length: 15 }, () => failure(channel.invoke(call("never", "", { signal }))))
      const error = await failure(channel.invoke(call("echo")))
      expect(error).toMatchObject({
        kind: ErrorKind.OVERLOADED,
        code: Code.ResourceExhausted,
        mayHaveRun: false,
      })
      await expect.poll(() => server.invoker.running).toBe(10)
      controller.abort()
      const kinds = (await Promise.all(answers)).map(({ kind, mayHaveRun }) => [kind, mayHaveRun])
      expect(kinds.slice(0, 10)).toEqual(Array(10).fill([ErrorKind.CANCELLED, true]))
      expect(kinds.slice(10)).toEqual(Array(5).fill([ErrorKind.CANCELLED, false]))
      await expect.poll(() => server.invoker.running).toBe(0)
      expect(server.invoker.runs.get("")).toBe(10)
    })

    it.each([
      ["trap", ErrorKind.TRAP, Code.Internal, true],
      ["absent", ErrorKind.UNKNOWN_FUNCTION, Code.NotFound, false],
    ])("reports the error of %s", async (name, kind, code, mayHaveRun) => {
      const server = await serve()
      expect(await failure(open([server.url]).invoke(call(name)))).toMatchObject({ kind, code, mayHaveRun })
    })

    it("tells the server of a call's time, and answers when the server does not", async () => {
      const server = await serve()
      const channel = open([server.url])
      // The channel waits a little for the server's own answer, which comes later when the machine is busy.
      const ended = async () => {
        const error = await failure(channel.invoke(call("never", "", { timeoutMs: 100 })))
        expect(error).toMatchObject({ kind: ErrorKind.TIMEOUT, mayHaveRun: true })
        return error.message
      }
      await expect.poll(ended).toBe("u/never failed")
      // A server that takes no notice of deadlines.
      const late = await failure(channel.invoke(call("slow", "1000000", { timeoutMs: 100 })))
      expect(late).toMatchObject({ kind: ErrorKind.TIMEOUT, code: Code.DeadlineExceeded, mayHaveRun: true })
      await expect.poll(() => server.invoker.running).toBe(0)
    })

    it("sends what a frame can't hold by Invoke, and refuses what the server won't take", async () => {
      const server = await serve()
      const channel = open([server.url])
      const large = Buffer.alloc(3 * 1024 * 1024, "ab")
      const { output } = await channel.invoke(call("echo", large))
      expect(Buffer.compare(large, output)).toBe(0)
      expect(await failure(channel.invoke(call("absent", large)))).toMatchObject({
        kind: ErrorKind.UNKNOWN_FUNCTION,
        code: Code.NotFound,
        mayHaveRun: false,
      })
      expect(await failure(channel.invoke(call("echo", Buffer.alloc(9 * 1024 * 1024))))).toMatchObject({
        kind: ErrorKind.INPUT_TOO_LARGE,
        mayHaveRun: false,
      })
      expect(await failure(channel.invoke(call("never", large, { timeoutMs: 100 })))).toMatchObject({
        kind: ErrorKind.TIMEOUT,
        mayHaveRun: true,
      })
      await expect.poll(() => server.invoker.running).toBe(0)
    })

    it("carries many large outputs with little retained", async () => {
      const server = await serve({ maxRetainedBytes: 1024 * 1024 })
      const channel = open([server.url])
      const answers = Array.from({ length: 100 }, () => channel.invoke(call("big", String(300 * 1024))))
      for (const { output } of await Promise.all(answers)) expect(output.length).toBe(300 * 1024)
    })

    it("spreads calls over servers", async () => {
      const servers = await Promise.all([serve(), serve(), serve()])
      const channel = open(servers.map(({ url }) => url))
      await expect.poll(() => channel.status().every(({ ready }) => ready)).toBe(true)
      await Promise.all(Array.from({ length: 30 }, () => channel.invoke(call("slow", "50"))))
      for (const { invoker } of servers) expect(invoker.calls.length).toBe(10)
      for (let i = 0; i < 9; i++) await channel.invoke(call("echo"))
      for (const { invoker } of servers) expect(invoker.calls.length).toBe(13)
    })

    it("takes the server that is there", async () => {
      const server = await serve()
      const channel = open(["http://127.0.0.1:1", server.url])
      for (let i = 0; i < 5; i++) await channel.invoke(call("echo"))
      const [absent, present] = channel.status()
      expect(absent).toMatchObject({ ready: false, lastError: expect.stringMatching(/ECONNREFUSED/) })
      expect(present).toMatchObject({ ready: true })
    })

    it("fails when no server can be reached: first after a while, then at once", async () => {
      const channel = open(["http://127.0.0.1:1"], { outageMs: 200 })
      expect(await channel.ready(10)).toBe(false)
      const error = await failure(channel.invoke(call("echo")))
      expect(error).toMatchObject({ kind: ErrorKind.UNAVAILABLE, code: Code.Unavailable, mayHaveRun: false })
      expect(error.message).toMatch(/ECONNREFUSED/)
      // Before anything else can happen.
      const next = new Promise((resolve) => setImmediate(resolve, "waits"))
      expect(await Promise.race([failure(channel.invoke(call("echo"))), next])).toBeInstanceOf(InvokeError)
    })

    it("says when a server has no FunctionService", async () => {
      const { createServer } = await import("node:http2")
      const server = createServer((_, response) => response.writeHead(404).end())
      await new Promise<void>((resolve) => server.listen(0, resolve))
      cleanups.push(async () => void server.close())
      const { port } = server.address() as { port: number }
      const channel = open([`http://127.0.0.1:${port}`], { outageMs: 5000 })
      const error = await failure(channel.invoke(call("echo")))
      expect(error).toMatchObject({
        kind: ErrorKind.UNAVAILABLE,
        code: Code.Unimplemented,
        mayHaveRun: false,
      })
    })

    it("goes to another server, or back later, when one drains", async () => {
      const [leaving, staying] = [await serve({ drainMs: 120_000 }), await serve()]
      // A proxy keeps the address while nobody serves it.
      let target = leaving.url
      const proxy = await startChaosProxy(() => target, { seed: 1, rates: {} })
      cleanups.push(() => proxy.close())
      const channel = open([proxy.url, staying.url])
      await expect.poll(() => channel.status().every(({ ready }) => ready)).toBe(true)
      const answers = Array.from({ length: 20 }, () => channel.invoke(call("slow", "100")))
      await expect.poll(() => leaving.invoker.calls.length, { interval: 2 }).toBe(10)
      const drained = leaving.drain()
      const later = Array.from({ length: 20 }, () => channel.invoke(call("echo", "later")))
      await Promise.all([...answers, ...later])
      await drained
      expect(leaving.invoker.calls.filter(({ function: name }) => name === "slow").length).toBe(10)
      await expect.poll(() => leaving.sessions()).toBe(0)
      await leaving.close()
      const again = await serve()
      target = again.url
      await expect.poll(() => channel.status()[0]!.ready).toBe(true)
      await Promise.all(Array.from({ length: 10 }, () => channel.invoke(call("slow", "10"))))
      expect(again.invoker.calls.length).toBe(5)
    })

    it("answers what is under way when it is closed, and nothing after that", async () => {
      const server = await serve()
      const channel = open([server.url])
      const answer = channel.invoke(call("slow", "100"))
      const closed = channel.close()
      expect(await failure(channel.invoke(call("echo")))).toMatchObject({
        kind: ErrorKind.UNAVAILABLE,
        mayHaveRun: false,
      })
      expect(Buffer.from((await answer).output).toString()).toBe("100")
      await closed
      await expect.poll(() => server.sessions()).toBe(0)
      expect(await channel.ready()).toBe(false)
    })

    it("needs addresses that are some", () => {
      expect(() => openChannel({ servers: [] })).toThrow(TypeError)
      expect(() => openChannel({ servers: ["127.0.0.1:8080"] })).toThrow(/looks like/)
    })
  })
})
