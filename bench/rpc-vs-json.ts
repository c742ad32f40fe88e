import { extname } from "node:path"
import { fileURLToPath } from "node:url"
import { Hono } from "hono"
import type { FunctionClient } from "../src/channel/function-client.ts"
import { openChannel } from "../src/channel/index.ts"
import { uploadFunction } from "../src/faaslet/index.ts"
import { PlannerClient } from "../src/planner/index.ts"
import { startChild } from "./child.ts"
import { closedLoop } from "./closed-loop.ts"
import type { BenchContext } from "./context.ts"
import { startCountingProxy } from "./counting-proxy.ts"
import { echoFunction } from "./echo-function.ts"
import { PollingClient } from "./polling-client.ts"
import { cpuUsOf, memoryMibOf } from "./process-usage.ts"
import type { BenchResult } from "./result.ts"
import { openTarget, type Target } from "./target.ts"
import { connectTcp } from "./tcp-client.ts"

const EXPERIMENT = "rpc-vs-json"
const PAYLOADS = [0, 100, 1_000, 10_000, 100_000, 1_000_000]
const QUICK_PAYLOADS = [100, 10_000]
const IN_FLIGHT = [1, 8, 64, 256]
const QUICK_IN_FLIGHT = [1, 64]
/** Payloads under way at once, in bytes: more measures the machine's memory. */
const MAX_IN_FLIGHT_BYTES = 16_000_000
/** Calls from which bytes on the wire are counted, in a pass of its own: the proxy would cost time. */
const COUNTED_CALLS = 320
/** Payload of the calls that are polled for, in bytes. */
const POLLED_BYTES = 100
const POLLED_IN_FLIGHT = [1, 64]
/** Calls after which the host's memory is looked at. */
const MEMORY_CALLS = [10_000, 110_000]

const CALL_TIMEOUT_MS = 30_000

/** What is called in turn. */
interface Contestant {
  way: string
  call: () => Promise<unknown>
  wireBytesPerCall: number | null
  /** The process that answers, where its CPU time can be read. */
  pid: number | null
}

/**
 * The main comparison: the same echo function on the same server, called over the channel (`rpc`) and over the
 * planner's HTTP/JSON dialect (`json`), beside the same echo in a Hono app in process (`native`) and a TCP ping-pong
 * of the same size (`tcp`). The ways alternate within each payload and number in flight.
 *
 * Then the dialect as it was used before there was an RPC, with polls at fixed times: at once, over kept and over new
 * connections, every 10 ms, and every 2 s as `faasmctl invoke` does.
 */
export async function benchRpcVsJson(context: BenchContext): Promise<BenchResult[]> {
  const target = await openTarget(context.target)
  const tcp = await startChild(
    fileURLToPath(new URL(`./tcp-echo-server${extname(import.meta.url)}`, import.meta.url)),
    [],
  )
  const channel = openChannel({ servers: [target.rpc] })
  const planner = openPlanner(target.planner)
  const results: BenchResult[] = []
  try {
    context.progress(`${EXPERIMENT}: uploading`)
    await uploadFunction(target.upload, "bench", "echo", echoFunction())
    for (const payloadBytes of context.quick ? QUICK_PAYLOADS : PAYLOADS) {
      const input = Buffer.alloc(payloadBytes, "x")
      for (const inFlight of context.quick ? QUICK_IN_FLIGHT : IN_FLIGHT) {
        if (inFlight > 1 && payloadBytes * inFlight > MAX_IN_FLIGHT_BYTES) continue
        const wire = {
          rpc: await wireBytes(target.rpc, (url) => openChannel({ servers: [url] }), input, inFlight),
          json: await wireBytes(target.planner, openPlanner, input, inFlight),
        }
        // An empty ping-pong would be none.
        const tcpClient = await connectTcp(tcp.url, payloadBytes || 1)
        const ways: Contestant[] = [
          { way: "tcp", call: tcpClient.call, wireBytesPerCall: 2 * (payloadBytes || 1), pid: tcp.pid },
          { way: "native", call: nativeEcho(input), wireBytesPerCall: null, pid: null },
          { way: "rpc", call: callEcho(channel, input), wireBytesPerCall: wire.rpc, pid: target.pid },
          { way: "json", call: callEcho(planner, input), wireBytesPerCall: wire.json, pid: target.pid },
        ]
        for (const contestant of ways) {
          results.push(await measure(contestant, payloadBytes, inFlight, context))
        }
        tcpClient.close()
      }
    }
    results.push(...(await polled(target, context)))
    conclude(results, context)
    if (!context.quick) await hostMemory(target, channel, context)
    return results
  } finally {
    await Promise.all([channel.close(), planner.close()])
    await Promise.all([target.stop(), tcp.stop()])
  }
}

async function measure(
  { way, call, pid, wireBytesPerCall }: Contestant,
  payloadBytes: number,
  inFlight: number,
  context: BenchContext,
  times = context.times,
): Promise<BenchResult> {
  context.progress(`${EXPERIMENT}: ${way}, ${payloadBytes} bytes, ${inFlight} in flight`)
  // Those of the warm-up cost the server as well.
  let calls = 0
  const counted = () => {
    calls++
    return call()
  }
  const cpu = pid === null ? 0 : cpuUsOf(pid)
  const figures = await closedLoop({ inFlight, call: counted, ...times })
  const serverCpuUsPerCall = pid === null ? null : (cpuUsOf(pid) - cpu) / calls
  return {
    experiment: EXPERIMENT,
    way,
    payloadBytes,
    inFlight,
    ...figures,
    serverCpuUsPerCall,
    wireBytesPerCall,
  }
}

async function polled(target: Target, context: BenchContext): Promise<BenchResult[]> {
  const ways = [
    { way: "poll at once", everyMs: 0, keep: true },
    { way: "poll at once, new connections", everyMs: 0, keep: false },
    { way: "poll every 10 ms, new connections", everyMs: 10, keep: false },
    { way: "poll every 2 s, new connections", everyMs: 2_000, keep: false },
  ]
  const input = Buffer.alloc(POLLED_BYTES, "x")
  const results: BenchResult[] = []
  for (const inFlight of POLLED_IN_FLIGHT) {
    for (const { way, everyMs, keep } of ways) {
      if (context.quick && everyMs > 1_000) continue
      const client = new PollingClient({ url: target.planner, everyMs, keep })
      const call = () =>
        client.invoke({
          user: "bench",
          function: "echo",
          input,
          idempotent: true,
          timeoutMs: CALL_TIMEOUT_MS,
        })
      // Several calls, where one takes seconds.
      const measureMs = Math.max(context.times.measureMs, 4 * everyMs)
      const times = { warmupMs: context.times.warmupMs, measureMs }
      const contestant = { way, call, wireBytesPerCall: null, pid: target.pid }
      results.push(await measure(contestant, POLLED_BYTES, inFlight, context, times))
      await client.close()
    }
  }
  return results
}

function conclude(results: readonly BenchResult[], context: BenchContext): void {
  const find = (way: string, inFlight: number) =>
    results.find((one) => one.way === way && one.payloadBytes === 100 && one.inFlight === inFlight)!
  const p50 = find("rpc", 1).p50Us / find("json", 1).p50Us
  const calls = find("rpc", 64).callsPerSecond / find("json", 64).callsPerSecond
  const overhead = [1, 64].map((inFlight) => (find("rpc", inFlight).wireBytesPerCall! - 200).toFixed(1))
  context.conclude(
    `${EXPERIMENT}: with 100 bytes, rpc has ${p50.toFixed(2)} of json's p50 at 1 in flight, and ` +
      `${calls.toFixed(1)} times its calls/s at 64; beside the payload a call has ${overhead[0]} bytes on the wire at 1 ` +
      `in flight, and ${overhead[1]} at 64`,
  )
}

/** What the host keeps of calls that have ended. */
async function hostMemory(target: Target, channel: FunctionClient, context: BenchContext): Promise<void> {
  if (target.pid === null) return
  const call = callEcho(channel, Buffer.alloc(100, "x"))
  const mib: number[] = []
  let made = 0
  for (const calls of MEMORY_CALLS) {
    context.progress(`${EXPERIMENT}: the host's memory after ${calls} calls`)
    const lane = async () => {
      while (made++ < calls) await call()
    }
    await Promise.all(Array.from({ length: 64 }, lane))
    mib.push(memoryMibOf(target.pid).now)
  }
  context.conclude(
    `${EXPERIMENT}: the host has ${mib[0]!.toFixed(0)} MiB after ${MEMORY_CALLS[0]} calls over rpc, and ` +
      `${mib[1]!.toFixed(0)} MiB after ${MEMORY_CALLS[1]}`,
  )
}

/** A planner has no queue: with more calls in flight than slots, what waits for one is measured too. */
function openPlanner(url: string): PlannerClient {
  return new PlannerClient({ url, slotWaitMs: CALL_TIMEOUT_MS })
}

function callEcho(client: FunctionClient, input: Uint8Array): () => Promise<unknown> {
  return () =>
    client.invoke({ user: "bench", function: "echo", input, idempotent: true, timeoutMs: CALL_TIMEOUT_MS })
}

function nativeEcho(body: Uint8Array): () => Promise<unknown> {
  const app = new Hono().post("/echo", async (c) => c.body(await c.req.arrayBuffer()))
  return async () => {
    const request = new Request("http://localhost/echo", { method: "POST", body: new Uint8Array(body) })
    return (await app.fetch(request)).arrayBuffer()
  }
}

/** Mean bytes of a call on a connection that is already open. */
async function wireBytes(
  server: string,
  open: (url: string) => FunctionClient,
  input: Uint8Array,
  inFlight: number,
): Promise<number> {
  const proxy = await startCountingProxy(server)
  const client = open(proxy.url)
  try {
    const call = callEcho(client, input)
    await call()
    const before = proxy.bytes()
    let made = 0
    const lane = async () => {
      while (made++ < COUNTED_CALLS) await call()
    }
    await Promise.all(Array.from({ length: inFlight }, lane))
    return (proxy.bytes() - before) / COUNTED_CALLS
  } finally {
    await client.close()
    await proxy.close()
  }
}
