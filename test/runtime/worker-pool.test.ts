import diagnostics from "node:diagnostics_channel"
import type { Worker } from "node:worker_threads"
import { afterEach, describe, expect, test } from "vitest"
import { ErrorKind } from "../../src/gen/faasm/rpc/v1/function_service_pb.ts"
import { type Runtime, type RuntimeOptions, startRuntime } from "../../src/runtime/index.ts"
import { referencedBytes } from "../support/referenced-bytes.ts"
import { call, output } from "./calling.ts"
import { ECHO, guest } from "./wat.ts"

/** Prints its input, then loops for ever. */
const BEGIN = guest(`(i32.store (i32.const 8) (i32.const 1024)) (i32.store (i32.const 12) (local.get $n))
  (drop (call $fd_write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 0)))
  (loop (br 0))`)

let runtime: Runtime
const logged: string[] = []

async function start(options: RuntimeOptions): Promise<void> {
  logged.length = 0
  runtime = await startRuntime({ log: (line) => logged.push(line), ...options })
  await runtime.upload("demo", "echo", ECHO)
  await runtime.upload("demo", "loop", guest("(loop (br 0))"))
  await runtime.upload("demo", "begin", BEGIN)
  await runtime.upload("demo", "trap", guest("unreachable"))
}

afterEach(() => runtime.close(0))

describe("a worker that dies", () => {
  test("ends its own call and is replaced", async () => {
    const workers: Worker[] = []
    const note = (message: unknown) => workers.push((message as { worker: Worker }).worker)
    diagnostics.subscribe("worker_threads", note)
    await start({ slots: 1 })
    const running = call(runtime.invoker, "begin", "begun\n")
    const queued = call(runtime.invoker, "echo", "queued")
    await expect.poll(() => logged).toContain("[demo/begin] begun")
    // Behind the pool's back.
    await workers.at(-1)!.terminate()
    expect((await running).error).toMatchObject({ kind: ErrorKind.UNAVAILABLE, mayHaveRun: true })
    expect(output(await queued)).toBe("queued")
    expect(logged.some((line) => line.startsWith("a worker died while it ran demo/begin"))).toBe(true)
    // An idle one as well.
    await workers.at(-1)!.terminate()
    expect(output(await call(runtime.invoker, "echo", "again"))).toBe("again")
    diagnostics.unsubscribe("worker_threads", note)
  })
})

describe("closing", () => {
  test("waits for calls under way, and refuses new ones", async () => {
    await start({ slots: 1 })
    const calls = Array.from({ length: 50 }, (_, index) => call(runtime.invoker, "echo", `${index}`))
    const closed = runtime.close()
    const { error } = await call(runtime.invoker, "echo")
    expect(error).toMatchObject({ kind: ErrorKind.UNAVAILABLE, mayHaveRun: false })
    await closed
    expect((await Promise.all(calls)).map(output)).toEqual(calls.map((_, index) => `${index}`))
  })

  test("ends what does not end in time", async () => {
    await start({ slots: 1 })
    const running = call(runtime.invoker, "loop", "", { timeoutMs: 600_000 })
    const queued = call(runtime.invoker, "echo", "", { timeoutMs: 600_000 })
    await runtime.close(100)
    expect((await running).error).toMatchObject({ kind: ErrorKind.UNAVAILABLE, mayHaveRun: true })
    expect((await queued).error).toMatchObject({ kind: ErrorKind.UNAVAILABLE, mayHaveRun: false })
  })

  test("may be repeated", async () => {
    await start({ slots: 1 })
    await Promise.all([runtime.close(), runtime.close()])
    await runtime.close()
  })
})

test("a port that is taken is an error that says so", async () => {
  await start({ slots: 1 })
  const port = Number(new URL(runtime.url).port)
  await expect(startRuntime({ slots: 1, port, log: () => {} })).rejects.toMatchObject({
    code: "start-failed",
    message: expect.stringMatching(/EADDRINUSE/),
  })
})

test("a call that waits keeps its input, not the frame that it came in", async () => {
  await start({ slots: 1 })
  const running = call(runtime.invoker, "loop")
  const before = referencedBytes()
  const cancels = Array.from({ length: 100 }, (_, index) => {
    const input = Buffer.from(new ArrayBuffer(1024 * 1024), 0, 1)
    input[0] = index
    const deadline = performance.now() + 600_000
    return runtime.invoker.submit({ user: "demo", function: "echo", input, deadline, queue: true }, () => {})
  })
  // Buffers are freed by another thread, a little later.
  await expect.poll(() => referencedBytes() - before).toBeLessThan(10 * 1024 * 1024)
  for (const { cancel } of cancels) cancel()
  await runtime.close(0)
  await running
})

const cold = async (name: string) => (await call(runtime.invoker, name, "x")).timings.cold

test("instances are given up when they are too many", async () => {
  // Each has 4 pages, and they may have 5.
  await start({ slots: 1, maxWarmBytes: 5 * 65536 })
  await runtime.upload("demo", "second", ECHO)
  expect([await cold("echo"), await cold("echo")]).toEqual([true, false])
  expect([await cold("second"), await cold("echo")]).toEqual([true, true])
})

test("instances are given up when they have been idle", async () => {
  await start({ slots: 1, idleMs: 50 })
  expect(await cold("echo")).toBe(true)
  await expect.poll(() => cold("echo"), { interval: 200 }).toBe(true)
})

test("a failure is logged with the caller's trace", async () => {
  await start({ slots: 1 })
  const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
  await call(runtime.invoker, "trap", "", { traceparent: `00-${trace}-00f067aa0ba902b7-01` })
  await call(runtime.invoker, "trap", "", { traceparent: "forged\nline" })
  expect(logged.filter((line) => line.includes("trapped"))).toEqual([
    `demo/trap trapped: unreachable (trace ${trace})`,
    "demo/trap trapped: unreachable",
  ])
})
