import { startBenchmarkServers } from "./benchmark-app.ts"
import { closedLoop } from "./closed-loop.ts"
import type { BenchContext } from "./context.ts"
import { HttpClient } from "./http-client.ts"
import { openLoop } from "./open-loop.ts"
import { cpuUsOf } from "./process-usage.ts"
import { type BenchResult, quantile } from "./result.ts"
import { keptSamples, medianOf, rowOf } from "./row.ts"
import { shopPairs } from "./shop-pairs.ts"
import { SHOP_REQUESTS } from "./shop-requests.ts"

const EXPERIMENT = "shop"
const RATES = [1, 100]
const REPEATS = 3
/** Requests at once at which the server that serves them has no idle time. */
const SATURATED = 64
/**
 * How much longer than a usual warm-up a route takes: V8 compiles by how often a function has run, and the CPU time of its
 * compiler's threads is the server's. After one second at saturation it still was a quarter of the gateway's.
 */
const WARMUPS = 6

/** How requests came: at a rate, or at so many at once, each as soon as one was answered. */
type Load = { ratePerSecond: number } | { inFlight: number }

/**
 * The shop routes of `examples/benchmarks` natively and offloaded, in turn: at 1 and 100 requests a second, back to back,
 * and at saturation. `serverCpuUsPerCall` is that of the process that serves HTTP: the native app, or the gateway.
 */
export async function benchShop(context: BenchContext): Promise<BenchResult[]> {
  const servers = await startBenchmarkServers(context, EXPERIMENT)
  const ways = {
    native: { client: new HttpClient(servers.native), pid: servers.pids.native },
    offloaded: { client: new HttpClient(servers.offloaded), pid: servers.pids.offloaded },
  }
  const repeats = context.quick ? 1 : (context.repeats ?? REPEATS)
  const results: BenchResult[] = []
  context.measuring(results)
  const loads: Load[] = [
    ...(context.quick ? [100] : RATES).map((ratePerSecond) => ({ ratePerSecond })),
    { inFlight: 1 },
    { inFlight: SATURATED },
  ]
  try {
    for (const [name, request] of Object.entries(SHOP_REQUESTS)) {
      for (const [way, { client }] of Object.entries(ways)) {
        context.progress(`${EXPERIMENT}: ${name}, ${way}, warming up`)
        const warmupMs = context.times.warmupMs * WARMUPS
        await closedLoop({ inFlight: SATURATED, call: () => client.send(request), warmupMs, measureMs: 0 })
      }
      for (const load of loads) {
        const rows = { native: [] as BenchResult[], offloaded: [] as BenchResult[] }
        for (let repeat = 1; repeat <= repeats; repeat++) {
          context.progress(`${EXPERIMENT}: ${name}, ${textOf(load)}, ${repeat} of ${repeats}`)
          for (const way of ["native", "offloaded"] as const) {
            const { client, pid } = ways[way]
            rows[way].push(await measure(way, pid, load, () => client.send(request), context))
          }
        }
        for (const way of ["native", "offloaded"] as const)
          results.push({ ...joined(rows[way]), function: name })
      }
    }
    conclude(results, loads, context)
  } finally {
    await Promise.all(Object.values(ways).map(({ client }) => client.close()))
    await servers.stop()
  }
  return results
}

async function measure(
  way: string,
  pid: number,
  load: Load,
  call: () => Promise<unknown>,
  context: BenchContext,
): Promise<BenchResult> {
  const { measureMs } = context.times
  const cpuUs = cpuUsOf(pid)
  if ("ratePerSecond" in load) {
    const { ratePerSecond } = load
    const durationMs = Math.max(measureMs, 5000 / ratePerSecond)
    const { latenciesUs, lateUs, clientCpuUsPerCall } = await openLoop({ ratePerSecond, durationMs, call })
    return rowOf(EXPERIMENT, way, latenciesUs, {
      ratePerSecond,
      callsPerSecond: ratePerSecond,
      lateP99Us: quantile(Float64Array.from(lateUs).sort(), 0.99),
      clientCpuUsPerCall,
      serverCpuUsPerCall: (cpuUsOf(pid) - cpuUs) / latenciesUs.length,
    })
  }
  const { inFlight } = load
  const figures = await closedLoop({ inFlight, call, warmupMs: 0, measureMs })
  return {
    ...rowOf(EXPERIMENT, way, figures.samplesUs ?? []),
    ...figures,
    inFlight,
    serverCpuUsPerCall: (cpuUsOf(pid) - cpuUs) / figures.calls!,
  }
}

/** One row of several measurements of the same: the medians of their figures, and all samples. */
function joined(rows: readonly BenchResult[]): BenchResult {
  const of = (figure: (row: BenchResult) => number | null | undefined) =>
    medianOf(rows.map((row) => figure(row) ?? Number.NaN))
  return {
    ...rows[0]!,
    p50Us: of((row) => row.p50Us),
    p99Us: of((row) => row.p99Us),
    callsPerSecond: of((row) => row.callsPerSecond),
    clientCpuUsPerCall: of((row) => row.clientCpuUsPerCall),
    serverCpuUsPerCall: of((row) => row.serverCpuUsPerCall),
    samplesUs: keptSamples(rows.flatMap((row) => row.samplesUs ?? [])),
  }
}

function conclude(results: readonly BenchResult[], loads: readonly Load[], context: BenchContext): void {
  const pairs = shopPairs(results)
  for (const load of loads) {
    const isSaturated = "inFlight" in load && load.inFlight === SATURATED
    const list = pairs
      .filter(({ native }) => isOf(load, native))
      // Of a core that the server uses: what one request more costs it.
      .map(({ route, latency, requestsPerCpu }) => {
        const ratio = isSaturated ? requestsPerCpu : latency
        return `${route.replace("shop ", "")} ${ratio.toFixed(2)}`
      })
    const what = isSaturated
      ? "requests per second and core of the gateway, against native"
      : "p50 against native"
    context.conclude(`${EXPERIMENT}, ${textOf(load)}: ${what}: ${list.join(", ")}`)
  }
}

function isOf(load: Load, row: BenchResult): boolean {
  if ("ratePerSecond" in load) return row.ratePerSecond === load.ratePerSecond
  return row.ratePerSecond === undefined && row.inFlight === load.inFlight
}

function textOf(load: Load): string {
  if ("ratePerSecond" in load) return `${load.ratePerSecond}/s`
  return load.inFlight === 1 ? "back to back" : `${load.inFlight} in flight`
}
