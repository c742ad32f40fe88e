import { extname } from "node:path"
import { fileURLToPath } from "node:url"
import { Hono } from "hono"
import type { FunctionClient } from "../src/channel/function-client.ts"
import { openChannel } from "../src/channel/index.ts"
import { uploadFunction } from "../src/faaslet/index.ts"
import { type ChildServer, startChild } from "./child.ts"
import { type Contestant, measureContestant } from "./contestant.ts"
import type { BenchContext } from "./context.ts"
import { callEcho, ECHO, type EchoClient, openPlanner } from "./echo-call.ts"
import { echoFunction } from "./echo-function.ts"
import { measureHostMemory } from "./host-memory.ts"
import { type Conversion, payloadKinds } from "./payload-kinds.ts"
import { PollingClient } from "./polling-client.ts"
import type { BenchResult } from "./result.ts"
import { openTarget, type Target } from "./target.ts"
import { connectTcp } from "./tcp-client.ts"
import { wireBytes } from "./wire-bytes.ts"

const EXPERIMENT = "rpc-vs-json"
const PAYLOADS = [0, 100, 1_000, 10_000, 100_000, 1_000_000]
const QUICK_PAYLOADS = [100, 10_000]
const IN_FLIGHT = [1, 8, 64, 256]
const QUICK_IN_FLIGHT = [1, 64]
/** Payloads under way at once, in bytes: more measures the machine's memory. */
const MAX_IN_FLIGHT_BYTES = 16_000_000
/** JSON of the values that are compared by kind, in bytes, about; and how many are in flight. */
const KIND_BYTES = [1_000, 100_000]
const KIND_IN_FLIGHT = [1, 64]
/** The ways of polling, and the payloads that they are measured with: where one waits for seconds, size is nothing. */
const POLLED_PAYLOADS = [100, 10_000, 1_000_000]
const POLLED_IN_FLIGHT = [1, 64]
const POLLS = [
  { poll: "poll at once", everyMs: 0 },
  { poll: "poll every 10 ms", everyMs: 10 },
  { poll: "poll every 2 s", everyMs: 2_000 },
]
const CONNECTIONS = [
  { connections: "kept connections", keep: true },
  { connections: "new connections", keep: false },
]

/**
 * The main comparison: the same echo function on the same server, called over the channel (`rpc`) and over the
 * planner's HTTP/JSON dialect (`json`), beside the same echo in a Hono app in process (`native`) and a TCP ping-pong
 * of the same size (`tcp`). The ways alternate within each payload and number in flight. Then
 *
 * - rows with a kind: values of that kind, which each call encodes and decodes as its way has it
 * - `poll …`: the dialect as it was used before there was an RPC, with polls at fixed times: at once, every 10 ms, and
 *   every 2 s as `faasmctl invoke` does, over kept connections and over new ones
 * - rows with `callsMade`: the host's memory over 100,000 calls
 */
export async function benchRpcVsJson(context: BenchContext): Promise<BenchResult[]> {
  const target = await openTarget(context.target)
  const tcp = await startChild(
    fileURLToPath(new URL(`./tcp-echo-server${extname(import.meta.url)}`, import.meta.url)),
    [],
  )
  const bench = new RpcVsJson(target, tcp, context)
  context.measuring(bench.rows)
  try {
    context.progress(`${EXPERIMENT}: uploading`)
    await uploadFunction(target.upload, ECHO.user, ECHO.function, echoFunction())
    await bench.sizes()
    await bench.kinds()
    await bench.polled()
    await bench.hostMemory()
    bench.conclude()
  } finally {
    await bench.close()
    await Promise.all([target.stop(), tcp.stop()])
  }
  return bench.rows
}

class RpcVsJson {
  readonly rows: BenchResult[] = []
  readonly #target: Target
  readonly #tcp: ChildServer
  readonly #context: BenchContext
  readonly #rpc: FunctionClient
  readonly #json: FunctionClient

  constructor(target: Target, tcp: ChildServer, context: BenchContext) {
    this.#target = target
    this.#tcp = tcp
    this.#context = context
    this.#rpc = openRpc(target.rpc)
    this.#json = openPlanner(target.planner)
  }

  async sizes(): Promise<void> {
    for (const payloadBytes of this.#context.quick ? QUICK_PAYLOADS : PAYLOADS) {
      const input = Buffer.alloc(payloadBytes, "x")
      for (const inFlight of inFlightOf(this.#context.quick ? QUICK_IN_FLIGHT : IN_FLIGHT, payloadBytes)) {
        const wire = await this.#wireBytes(input, input, inFlight)
        // An empty ping-pong would be none.
        const tcpClient = await connectTcp(this.#tcp.url, payloadBytes || 1)
        const { pid } = this.#target
        const contestants: Contestant[] = [
          { way: "tcp", call: tcpClient.call, wireBytesPerCall: 2 * (payloadBytes || 1), pid: this.#tcp.pid },
          { way: "native", call: nativeEcho(input), pid: null },
          { way: "rpc", call: () => callEcho(this.#rpc, input), wireBytesPerCall: wire.rpc, pid },
          { way: "json", call: () => callEcho(this.#json, input), wireBytesPerCall: wire.json, pid },
        ]
        for (const contestant of contestants) await this.#measure(contestant, { payloadBytes, inFlight })
        tcpClient.close()
      }
    }
  }

  async kinds(): Promise<void> {
    const { pid } = this.#target
    for (const bytes of this.#context.quick ? KIND_BYTES.slice(0, 1) : KIND_BYTES) {
      for (const { kind, rpc, json } of payloadKinds(bytes)) {
        const payloadBytes = json.encode().length
        const polling = new PollingClient({ url: this.#target.planner, everyMs: 0, keep: true })
        const converted = (client: EchoClient, { encode, decode }: Conversion) => {
          return async () => decode(await callEcho(client, encode()))
        }
        for (const inFlight of inFlightOf(KIND_IN_FLIGHT, payloadBytes)) {
          const wire = await this.#wireBytes(rpc.encode(), json.encode(), inFlight)
          const contestants: Contestant[] = [
            { way: "rpc", call: converted(this.#rpc, rpc), wireBytesPerCall: wire.rpc, pid },
            { way: "json", call: converted(this.#json, json), wireBytesPerCall: wire.json, pid },
            { way: "poll at once, kept connections", call: converted(polling, json), pid },
          ]
          for (const contestant of contestants) {
            await this.#measure(contestant, { kind, payloadBytes, inFlight })
          }
        }
        await polling.close()
      }
    }
  }

  async polled(): Promise<void> {
    for (const { poll, everyMs } of POLLS) {
      if (this.#context.quick && everyMs > 1_000) continue
      for (const payloadBytes of everyMs > 0 || this.#context.quick ? [100] : POLLED_PAYLOADS) {
        const input = Buffer.alloc(payloadBytes, "x")
        for (const inFlight of inFlightOf(POLLED_IN_FLIGHT, payloadBytes)) {
          for (const { connections, keep } of CONNECTIONS) {
            const client = new PollingClient({ url: this.#target.planner, everyMs, keep })
            const call = () => callEcho(client, input)
            // Several calls, where one takes seconds.
            const measureMs = Math.max(this.#context.times.measureMs, 4 * everyMs)
            const contestant = { way: `${poll}, ${connections}`, call, pid: this.#target.pid }
            const times = { ...this.#context.times, measureMs }
            await this.#measure(contestant, { payloadBytes, inFlight }, times)
            await client.close()
          }
        }
      }
    }
  }

  async hostMemory(): Promise<void> {
    const { pid } = this.#target
    if (pid === null) return
    for (const [way, client] of [
      ["rpc", this.#rpc],
      ["json", this.#json],
    ] as const) {
      const rows = await measureHostMemory(EXPERIMENT, way, client, pid, this.#context)
      this.rows.push(...rows)
      const [first, last] = [rows[0]!, rows.at(-1)!]
      this.#context.conclude(
        `${EXPERIMENT}: over ${way}, the host has ${first.hostMemoryMib!.toFixed(0)} MiB after ${first.callsMade} more ` +
          `calls, and ${last.hostMemoryMib!.toFixed(0)} MiB after ${last.callsMade}`,
      )
    }
  }

  conclude(): void {
    const find = (way: string, inFlight: number) =>
      this.rows.find(
        (one) =>
          one.way === way && one.payloadBytes === 100 && one.inFlight === inFlight && one.kind === undefined,
      )!
    const p50 = (inFlight: number) => find("rpc", inFlight).p50Us / find("json", inFlight).p50Us
    const calls = find("rpc", 64).callsPerSecond / find("json", 64).callsPerSecond
    const overhead = [1, 64].map((inFlight) => (find("rpc", inFlight).wireBytesPerCall! - 200).toFixed(1))
    this.#context.conclude(
      `${EXPERIMENT}: with 100 bytes, rpc has ${p50(1).toFixed(2)} of json's p50 at 1 in flight and ${p50(64).toFixed(2)} at ` +
        `64, and ${calls.toFixed(1)} times its calls/s at 64; beside the payload a call has ${overhead[0]} bytes on the ` +
        `wire at 1 in flight, and ${overhead[1]} at 64`,
    )
  }

  async close(): Promise<void> {
    await Promise.all([this.#rpc.close(), this.#json.close()])
  }

  async #measure(
    contestant: Contestant,
    row: Pick<BenchResult, "payloadBytes" | "inFlight" | "kind">,
    times = this.#context.times,
  ): Promise<void> {
    const { kind, payloadBytes, inFlight } = row
    const payload = `${payloadBytes} bytes${kind ? ` of ${kind}` : ""}`
    this.#context.progress(`${EXPERIMENT}: ${contestant.way}, ${payload}, ${inFlight} in flight`)
    this.rows.push(await measureContestant(contestant, { experiment: EXPERIMENT, ...row }, times))
  }

  async #wireBytes(rpcInput: Uint8Array, jsonInput: Uint8Array, inFlight: number) {
    return {
      rpc: await wireBytes(this.#target.rpc, openRpc, rpcInput, inFlight),
      json: await wireBytes(this.#target.planner, openPlanner, jsonInput, inFlight),
    }
  }
}

function inFlightOf(all: readonly number[], payloadBytes: number): number[] {
  return all.filter((inFlight) => inFlight === 1 || payloadBytes * inFlight <= MAX_IN_FLIGHT_BYTES)
}

function openRpc(url: string): FunctionClient {
  return openChannel({ servers: [url] })
}

function nativeEcho(body: Uint8Array): () => Promise<unknown> {
  const app = new Hono().post("/echo", async (c) => c.body(await c.req.arrayBuffer()))
  return async () => {
    const request = new Request("http://localhost/echo", { method: "POST", body: new Uint8Array(body) })
    return (await app.fetch(request)).arrayBuffer()
  }
}
