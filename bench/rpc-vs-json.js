import { extname } from "node:path"
import { fileURLToPath } from "node:url"
import { Hono } from "hono"
import { openChannel } from "../src/channel/index.js"
import { uploadFunction } from "../src/faaslet/index.js"
import { PlannerClient } from "../src/planner/index.js"
import { startChild } from "./child.js"
import { closedLoop } from "./closed-loop.js"
import { startCountingProxy } from "./counting-proxy.js"
import { echoFunction } from "./echo-function.js"
import { startRuntimeChild } from "./runtime-child.js"
import { connectTcp } from "./tcp-client.js"

const EXPERIMENT = "rpc-vs-json"
const PAYLOADS = [100, 1_000, 10_000, 100_000]
const IN_FLIGHT = [1, 8, 64]
/** Calls from which bytes on the wire are counted, in a pass of its own: the proxy would cost time. */
const COUNTED_CALLS = 200
/**
 * The main comparison: the same echo function on the same server, called over the channel (`rpc`) and over the
 * planner's HTTP/JSON dialect (`json`), beside the same echo in a Hono app in process (`native`) and a TCP ping-pong
 * of the same size (`tcp`). The ways alternate within each payload and number in flight.
 */
export async function benchRpcVsJson(context) {
  const runtime = await startRuntimeChild()
  const tcp = await startChild(
    fileURLToPath(new URL(`./tcp-echo-server${extname(import.meta.url)}`, import.meta.url)),
    [],
  )
  const channel = openChannel({ servers: [runtime.url] })
  const planner = new PlannerClient({ url: runtime.url })
  const results = []
  try {
    await uploadFunction(runtime.url, "bench", "echo", echoFunction())
    for (const payloadBytes of PAYLOADS) {
      const input = Buffer.alloc(payloadBytes, "x")
      const wire = {
        rpc: await wireBytes(runtime.url, (url) => openChannel({ servers: [url] }), input),
        json: await wireBytes(runtime.url, (url) => new PlannerClient({ url }), input),
      }
      for (const inFlight of IN_FLIGHT) {
        const tcpClient = await connectTcp(tcp.url, payloadBytes)
        const ways = [
          ["tcp", tcpClient.call, 2 * payloadBytes],
          ["native", nativeEcho(input), null],
          ["rpc", callEcho(channel, input), wire.rpc],
          ["json", callEcho(planner, input), wire.json],
        ]
        for (const [way, call, wireBytesPerCall] of ways) {
          context.progress(`${EXPERIMENT}: ${way}, ${payloadBytes} bytes, ${inFlight} in flight`)
          const figures = await closedLoop({ inFlight, call, ...context.times })
          results.push({ experiment: EXPERIMENT, way, payloadBytes, inFlight, ...figures, wireBytesPerCall })
        }
        tcpClient.close()
      }
    }
    return results
  } finally {
    await Promise.all([channel.close(), planner.close()])
    await Promise.all([runtime.stop(), tcp.stop()])
  }
}
function callEcho(client, input) {
  return () => client.invoke({ user: "bench", function: "echo", input, idempotent: true, timeoutMs: 10_000 })
}
function nativeEcho(body) {
  const app = new Hono().post("/echo", async (c) => c.body(await c.req.arrayBuffer()))
  return async () => {
    const request = new Request("http://localhost/echo", { method: "POST", body: new Uint8Array(body) })
    return (await app.fetch(request)).arrayBuffer()
  }
}
/** Mean bytes of a call on a connection that is already open. */
async function wireBytes(server, open, input) {
  const proxy = await startCountingProxy(server)
  const client = open(proxy.url)
  try {
    const call = callEcho(client, input)
    await call()
    const before = proxy.bytes()
    for (let i = 0; i < COUNTED_CALLS; i++) await call()
    return (proxy.bytes() - before) / COUNTED_CALLS
  } finally {
    await client.close()
    await proxy.close()
  }
}
