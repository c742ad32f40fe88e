import { BENCHMARK_APP, startBenchmarkServers } from "./benchmark-app.ts"
import { type BenchRequest, FUNCTION_REQUESTS } from "./benchmark-functions.ts"
import type { BenchContext } from "./context.ts"
import { HttpClient } from "./http-client.ts"
import { isWhole, meanShares, worstSum } from "./phase-shares.ts"
import {
  HANDLERS,
  nativePhases,
  offloadedPhases,
  PHASES,
  RESET_PHASE,
  type RequestPhases,
  sumOf,
} from "./phases.ts"
import type { BenchResult } from "./result.ts"
import { medianOf, rowOf } from "./row.ts"
import { measureScriptLoad, readSchema } from "./script-load.ts"
import { SHOP_REQUESTS } from "./shop-requests.ts"
import { monotonicUs } from "./timed-listener.ts"

const EXPERIMENT = "breakdown"
/** Requests to warm up with, and then to measure. */
const REQUESTS = { warmup: 200, measured: 500 }
const QUICK_REQUESTS = { warmup: 20, measured: 40 }
/** The phases may miss so much of the whole. */
const TOLERANCE = 0.05

/** How many requests have phases that add up to the whole. */
interface AddUp {
  requests: number
  within: number
}

/**
 * Where the time of a request goes, phase by phase, for every function of `examples/benchmarks` and the shop's routes;
 * one request at a time. Rows, by function:
 *
 * - `offloaded`, `native` without a phase: the whole request as the client sees it; with one, that phase
 * - `no snapshot`: what every call would begin with if the function were not a snapshot of the loaded app
 */
export async function benchBreakdown(context: BenchContext): Promise<BenchResult[]> {
  const requests = Object.entries({ ...FUNCTION_REQUESTS, ...SHOP_REQUESTS })
  const servers = await startBenchmarkServers(context, EXPERIMENT, "detailed")
  const clients = {
    native: new HttpClient(servers.native),
    offloaded: new HttpClient(servers.offloaded),
  }
  const rows: BenchResult[] = []
  context.measuring(rows)
  try {
    const addUp: AddUp = { requests: 0, within: 0 }
    for (const [name, request] of requests.filter((_, i) => !context.quick || i % 4 === 2)) {
      context.progress(`${EXPERIMENT}: ${name}`)
      const native = await measure(clients.native, request, nativePhases, context)
      rows.push(...rowsOf("native", name, native))
      const offloaded = await measure(clients.offloaded, request, offloadedPhases, context)
      rows.push(...rowsOf("offloaded", name, offloaded))
      addUp.requests += offloaded.length
      addUp.within += offloaded.filter((one) => Math.abs(sumOf(one) / one.wholeUs - 1) <= TOLERANCE).length
    }
    context.progress(`${EXPERIMENT}: without a snapshot`)
    const { engine, parse, load } = await measureScriptLoad(
      BENCHMARK_APP,
      await readSchema(servers.build),
      context.quick ? "dev" : "upload",
      context.quick ? 3 : 30,
    )
    rows.push(rowOf(EXPERIMENT, "no snapshot", engine, { phase: "engine start" }))
    rows.push(rowOf(EXPERIMENT, "no snapshot", parse, { phase: "script parse" }))
    rows.push(rowOf(EXPERIMENT, "no snapshot", load, { phase: "script load" }))
    conclude(rows, addUp, context)
  } finally {
    await Promise.all(Object.values(clients).map((client) => client.close()))
    await servers.stop()
  }
  return rows
}

async function measure(
  client: HttpClient,
  request: BenchRequest,
  phasesOf: typeof offloadedPhases,
  context: BenchContext,
): Promise<RequestPhases[]> {
  const { warmup, measured } = context.quick ? QUICK_REQUESTS : REQUESTS
  const found: RequestPhases[] = []
  for (let i = 0; i < warmup + measured; i++) {
    const sentUs = monotonicUs()
    const headers = await client.send(request)
    const answeredUs = monotonicUs()
    if (i >= warmup) found.push(phasesOf({ sentUs, answeredUs, headers }))
  }
  return found
}

/** The whole, and each phase. */
function rowsOf(way: string, name: string, requests: readonly RequestPhases[]): BenchResult[] {
  const whole = rowOf(
    EXPERIMENT,
    way,
    requests.map(({ wholeUs }) => wholeUs),
    { function: name },
  )
  const { callsPerSecond } = whole
  const phase = (phase: string, samples: readonly number[]) =>
    rowOf(EXPERIMENT, way, samples, { function: name, phase, callsPerSecond })
  const names = new Set(requests.flatMap(({ phases }) => Object.keys(phases)))
  const rows = PHASES.filter((one) => names.has(one)).map((one) =>
    phase(
      one,
      requests.map(({ phases }) => phases[one] ?? 0),
    ),
  )
  const resets = requests.flatMap(({ resetUs }) => resetUs ?? [])
  return [whole, ...rows, ...(resets.length > 0 ? [phase(RESET_PHASE, resets)] : [])]
}

function conclude(rows: readonly BenchResult[], addUp: AddUp, context: BenchContext): void {
  context.conclude(
    `${EXPERIMENT}: the phases of ${((addUp.within / addUp.requests) * 100).toFixed(1)} % of ${addUp.requests} offloaded ` +
      `requests add up to the whole within ${TOLERANCE * 100} %; their medians, at worst, to ` +
      `${(worstSum(rows) * 100).toFixed(0)} % of the whole's`,
  )
  for (const [what, phases] of [
    ["mean shares of the functions' requests", PHASES],
    ["without the handler", PHASES.filter((phase) => !HANDLERS.has(phase))],
  ] as const) {
    const shares = meanShares(rows, phases)
    const texts = [...shares].map(([phase, share]) => `${phase} ${(share * 100).toFixed(1)} %`)
    context.conclude(`${EXPERIMENT}: ${what}: ${texts.join(", ")}`)
  }
  const without = (phase: string) =>
    rows.find((row) => row.way === "no snapshot" && row.phase === phase)!.p50Us / 1000
  const [engine, parse, load] = [without("engine start"), without("script parse"), without("script load")]
  const whole = medianOf(rows.filter(isWhole).map((row) => row.p50Us)) / 1000
  context.conclude(
    `${EXPERIMENT}: no call loads a script; the median function's request takes ${whole.toFixed(1)} ms. Without the ` +
      `snapshot each call would take ${(engine + load).toFixed(1)} ms more: ${engine.toFixed(1)} ms to start the engine, ` +
      `${load.toFixed(1)} ms to load the app's script, and if it were shipped as text ${parse.toFixed(1)} ms to parse it`,
  )
}
