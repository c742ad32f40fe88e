import { extname } from "node:path"
import { fileURLToPath } from "node:url"
import { openChannel } from "../src/channel/index.ts"
import { startChild } from "./child.ts"
import { closedLoop } from "./closed-loop.ts"
import type { BenchContext } from "./context.ts"
import { startCountingProxy } from "./counting-proxy.ts"
import type { BenchResult } from "./result.ts"
import { connectTcp } from "./tcp-client.ts"

const EXPERIMENT = "channel"
const PAYLOADS = [100, 10_000]
const IN_FLIGHT = [1, 8, 64]
const COUNTED_CALLS = 6400

/** The channel alone, to a server that echoes in process (`rpc`), beside a TCP ping-pong of the same size (`tcp`). */
export async function benchChannel(
  context: Pick<BenchContext, "times" | "progress" | "measuring">,
): Promise<BenchResult[]> {
  const child = (name: string) =>
    startChild(fileURLToPath(new URL(`./${name}${extname(import.meta.url)}`, import.meta.url)), [])
  const server = await child("channel-echo-server")
  const tcp = await child("tcp-echo-server")
  const channel = openChannel({ servers: [server.url] })
  const results: BenchResult[] = []
  context.measuring(results)
  try {
    for (const payloadBytes of PAYLOADS) {
      const input = Buffer.alloc(payloadBytes, "x")
      const echo = { user: "bench", function: "echo", input, idempotent: true, timeoutMs: 10_000 }
      for (const inFlight of IN_FLIGHT) {
        context.progress(`${EXPERIMENT}: ${payloadBytes} bytes, ${inFlight} in flight`)
        const tcpClient = await connectTcp(tcp.url, payloadBytes)
        const wire = await wireBytes(server.url, echo, inFlight)
        const row = { experiment: EXPERIMENT, payloadBytes, inFlight }
        const floor = await closedLoop({ inFlight, call: tcpClient.call, ...context.times })
        results.push({ ...row, way: "tcp", ...floor, wireBytesPerCall: 2 * payloadBytes })
        const figures = await closedLoop({ inFlight, call: () => channel.invoke(echo), ...context.times })
        results.push({ ...row, way: "rpc", ...figures, wireBytesPerCall: wire })
        tcpClient.close()
      }
    }
    return results
  } finally {
    await channel.close()
    await Promise.all([server.stop(), tcp.stop()])
  }
}

/** Mean bytes of a call on a connection that is already open; counted in a pass of its own, the proxy costs time. */
async function wireBytes(
  server: string,
  call: Parameters<ReturnType<typeof openChannel>["invoke"]>[0],
  inFlight: number,
): Promise<number> {
  const proxy = await startCountingProxy(server)
  const channel = openChannel({ servers: [proxy.url] })
  try {
    await channel.invoke(call)
    const before = proxy.bytes()
    const lane = async () => {
      for (let i = 0; i < COUNTED_CALLS / inFlight; i++) await channel.invoke(call)
    }
    await Promise.all(Array.from({ length: inFlight }, lane))
    return (proxy.bytes() - before) / (Math.ceil(COUNTED_CALLS / inFlight) * inFlight)
  } finally {
    await channel.close()
    await proxy.close()
  }
}
