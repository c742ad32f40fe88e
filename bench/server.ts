/**
 * `npm run bench:server`: FunctionService as the native `function_server` serves it, beside the embedded runtime's and
 * a TCP ping-pong, from one Node client in one run; and what 10,000 sessions and 100,000 calls cost in memory.
 *
 * Build the program first (`npm run build:native`), or name it in HONO_FAASM_FUNCTION_SERVER.
 *
 * @module
 */
import { randomBytes } from "node:crypto"
import { once } from "node:events"
import { existsSync } from "node:fs"
import { writeFile } from "node:fs/promises"
import { type ClientHttp2Session, connect } from "node:http2"
import { type AddressInfo, createServer } from "node:net"
import { cpus } from "node:os"
import { extname, join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { create } from "@bufbuild/protobuf"
import { openChannel } from "../src/channel/index.ts"
import { HelloSchema } from "../src/gen/faasm/rpc/v1/function_service_pb.ts"
import { packageRoot } from "../src/package-root.ts"
import { encodeClientFrame } from "../src/rpc/client-frame.ts"
import { startChild, startProgram } from "./child.ts"
import { type ClosedLoopFigures, closedLoop } from "./closed-loop.ts"
import { cpuUsOf, memoryMibOf } from "./process-usage.ts"
import { connectTcp } from "./tcp-client.ts"

const PAYLOAD_BYTES = 100
const IN_FLIGHT = [1, 64]
/** The contestants take turns, so that what else the machine does meets all of them. */
const ROUNDS = 3
const SESSIONS = 10_000
const SESSIONS_PER_CONNECTION = 1000
const CALLS_PER_SESSION = 10
const TARGETS = { p50OfTcp: 1.6, cpuUsPerCall: 3, memoryMib: 512 }

interface Row {
  way: "tcp" | "native" | "embedded"
  inFlight: number
  p50Us: number
  p99Us: number
  callsPerSecond: number
  clientCpuUsPerCall: number | null
  serverCpuUsPerCall: number
}

const { values } = parseArgs({ options: { quick: { type: "boolean" }, json: { type: "string" } } })
const program =
  process.env.HONO_FAASM_FUNCTION_SERVER ??
  join(packageRoot, "faasm-patch/build/release/function_server/function_server")
if (!existsSync(program)) {
  console.error(`there is no ${program}: run npm run build:native, or set HONO_FAASM_FUNCTION_SERVER`)
  process.exit(1)
}
const times = values.quick ? { warmupMs: 300, measureMs: 500 } : { warmupMs: 1000, measureMs: 3000 }
const rows = await latencies()
const memory = await memoryOfMany()
report(rows, memory)
if (values.json) {
  const machine = { cpu: cpus()[0]?.model ?? "unknown processor", cores: cpus().length }
  await writeFile(
    values.json,
    `${JSON.stringify({ machine, node: process.versions.node, targets: TARGETS, rows, memory }, null, 2)}\n`,
  )
}

async function latencies(): Promise<Row[]> {
  const ownChild = (name: string) =>
    startChild(fileURLToPath(new URL(`./${name}${extname(import.meta.url)}`, import.meta.url)), [])
  const [tcp, native, embedded] = await Promise.all([
    ownChild("tcp-echo-server"),
    startProgram(program, []),
    ownChild("channel-echo-server"),
  ])
  const tcpClient = await connectTcp(tcp.url, PAYLOAD_BYTES)
  const channels = [native, embedded].map(({ url }) => openChannel({ servers: [url] }))
  const input = Buffer.alloc(PAYLOAD_BYTES, "x")
  const echo = { user: "bench", function: "echo", input, idempotent: true, timeoutMs: 10_000 }
  const contestants = [
    { way: "tcp" as const, pid: tcp.pid, call: tcpClient.call },
    { way: "native" as const, pid: native.pid, call: () => channels[0]!.invoke(echo) },
    { way: "embedded" as const, pid: embedded.pid, call: () => channels[1]!.invoke(echo) },
  ]
  const results: Row[] = []
  try {
    for (const inFlight of IN_FLIGHT) {
      const rounds = contestants.map((): Row[] => [])
      for (let round = 0; round < ROUNDS; round++) {
        for (const [i, { way, pid, call }] of contestants.entries()) {
          console.error(`  ${way}, ${inFlight} in flight, round ${round + 1} of ${ROUNDS}`)
          rounds[i]!.push({ way, inFlight, ...(await measure(pid, inFlight, call)) })
        }
      }
      for (const all of rounds) results.push(all.sort((a, b) => a.p50Us - b.p50Us)[(ROUNDS - 1) / 2]!)
    }
    return results
  } finally {
    tcpClient.close()
    await Promise.all(channels.map((channel) => channel.close()))
    await Promise.all([tcp.stop(), native.stop(), embedded.stop()])
  }
}

async function measure(
  pid: number,
  inFlight: number,
  call: () => Promise<unknown>,
): Promise<Omit<ClosedLoopFigures, "calls"> & { serverCpuUsPerCall: number }> {
  // Those of the warm-up cost the server as well.
  let calls = 0
  const cpu = cpuUsOf(pid)
  const figures = await closedLoop({
    inFlight,
    ...times,
    call: () => {
      calls++
      return call()
    },
  })
  const { p50Us, p99Us, callsPerSecond, clientCpuUsPerCall } = figures
  const serverCpuUsPerCall = (cpuUsOf(pid) - cpu) / calls
  return { p50Us, p99Us, callsPerSecond, clientCpuUsPerCall, serverCpuUsPerCall }
}

interface Memory {
  startMib: number
  sessions: number
  idleMib: number
  calls: number
  inFlightMib: number
  mostMib: number
}

async function memoryOfMany(): Promise<Memory> {
  console.error(`  ${SESSIONS} sessions, then ${SESSIONS * CALLS_PER_SESSION} calls in flight`)
  const slots = String(SESSIONS * CALLS_PER_SESSION)
  const metricsPort = await freePort()
  const server = await startProgram(program, [
    ...["--max-sessions", String(SESSIONS), "--slots", slots],
    ...["--metrics-port", String(metricsPort)],
  ])
  const connections: ClientHttp2Session[] = []
  const startMib = memoryMibOf(server.pid).now
  try {
    const streams = []
    for (let i = 0; i < SESSIONS / SESSIONS_PER_CONNECTION; i++) {
      const connection = connect(server.url)
      connections.push(connection)
      await once(connection, "remoteSettings")
      const batch = Array.from({ length: SESSIONS_PER_CONNECTION }, () => openStream(connection))
      await Promise.all(batch.map((stream) => once(stream, "data")))
      streams.push(...batch)
    }
    const idleMib = memoryMibOf(server.pid).now
    for (const stream of streams) stream.write(callsOf(PAYLOAD_BYTES))
    await runningCalls(metricsPort, SESSIONS * CALLS_PER_SESSION)
    const { now, most } = memoryMibOf(server.pid)
    return {
      startMib,
      sessions: SESSIONS,
      idleMib,
      calls: SESSIONS * CALLS_PER_SESSION,
      inFlightMib: now,
      mostMib: most,
    }
  } finally {
    for (const connection of connections) connection.destroy()
    process.kill(server.pid, "SIGKILL")
  }
}

function openStream(connection: ClientHttp2Session) {
  const stream = connection.request({
    ":method": "POST",
    ":path": "/faasm.rpc.v1.FunctionService/Channel",
    "content-type": "application/connect+proto",
  })
  stream.on("error", () => {})
  const hello = create(HelloSchema, { protocolVersion: 1, sessionId: randomBytes(16) })
  stream.write(encodeClientFrame({ hello, ack: 0, bindings: [], calls: [], cancels: [] }))
  return stream
}

function callsOf(payloadBytes: number): Buffer {
  const input = Buffer.alloc(payloadBytes, "x")
  return encodeClientFrame({
    ack: 0,
    bindings: [{ id: 1, user: "bench", function: "never", timeoutMs: 600_000 }],
    calls: Array.from({ length: CALLS_PER_SESSION }, (_, i) => ({
      id: i + 1,
      binding: 1,
      input,
      timeoutMs: 0,
      traceparent: "",
    })),
    cancels: [],
  })
}

/** Waits until the server says that so many calls run. */
async function runningCalls(metricsPort: number, count: number): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()
    if (new RegExp(`^hono_faasm_calls_running ${count}$`, "m").test(metrics)) return
    await setTimeout(100)
  }
  throw new Error(`the server does not run ${count} calls after a minute`)
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1")
  await once(probe, "listening")
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, "close")
  return port
}

function report(all: Row[], { startMib, idleMib, inFlightMib, mostMib }: Memory): void {
  const table = all.map((row) => ({
    way: row.way,
    "in flight": row.inFlight,
    "p50 us": Math.round(row.p50Us * 10) / 10,
    "p99 us": Math.round(row.p99Us),
    "calls/s": Math.round(row.callsPerSecond),
    "server CPU us/call": Math.round(row.serverCpuUsPerCall * 100) / 100,
  }))
  console.table(table)
  const find = (way: Row["way"], inFlight: number) =>
    all.find((row) => row.way === way && row.inFlight === inFlight)!
  const ratio = find("native", 1).p50Us / find("tcp", 1).p50Us
  const cpu = find("native", 64).serverCpuUsPerCall
  console.log(`p50 at 1 in flight: ${ratio.toFixed(2)} times TCP (target ${TARGETS.p50OfTcp})`)
  console.log(`server CPU at 64 in flight: ${cpu.toFixed(2)} us a call (target ${TARGETS.cpuUsPerCall})`)
  console.log(
    `memory: ${startMib.toFixed(0)} MiB at start, ${idleMib.toFixed(0)} with ${SESSIONS} idle sessions, ` +
      `${inFlightMib.toFixed(0)} with ${SESSIONS * CALLS_PER_SESSION} calls in flight too, ` +
      `${mostMib.toFixed(0)} at most (target ${TARGETS.memoryMib})`,
  )
}
