import app from "../examples/benchmarks/app.ts"
import { startBenchmarkServers } from "./benchmark-app.ts"
import { BENCHMARK_FUNCTIONS, EMPTY_FUNCTION, functionRequest } from "./benchmark-functions.ts"
import type { BenchContext } from "./context.ts"
import { HttpClient } from "./http-client.ts"
import { openLoop } from "./open-loop.ts"
import { type BenchResult, quantile } from "./result.ts"
import { medianOf, rowOf } from "./row.ts"

const EXPERIMENT = "relative"
const RATES = [1, 5, 10, 20, 30, 40, 50, 75, 100]
const REPEATS = 5
/** Requests at least per measurement, so that low rates have a median. */
const MIN_REQUESTS = 5
const DURATION_MS = 1000
/** Requests for a function's own time. */
const OWN_REQUESTS = 200

/**
 * Every function of `examples/benchmarks` natively and offloaded, in turn, at fixed rates. Rows:
 *
 * - `native`, `offloaded`: latency of the whole request
 * - `native function`, `guest function`: the function's own time in process and in the guest, less that of one that
 *   does nothing
 *
 * Engine cost is `guest function` over `native function`; bridge cost what is left of `offloaded` without `guest
 * function` over what is left of `native` without `native function`; the whole is `offloaded` over `native`.
 */
export async function benchRelative(context: BenchContext): Promise<BenchResult[]> {
  const rates = context.quick ? [50] : RATES
  const repeats = context.quick ? 1 : REPEATS
  const servers = await startBenchmarkServers(context, EXPERIMENT, "brief")
  const clients = { native: new HttpClient(servers.native), offloaded: new HttpClient(servers.offloaded) }
  const results: BenchResult[] = []
  context.measuring(results)
  try {
    // The first time for the compiler.
    await nativeUs(EMPTY_FUNCTION.name, EMPTY_FUNCTION.size, context)
    const emptyUs = {
      native: medianOf(await nativeUs(EMPTY_FUNCTION.name, EMPTY_FUNCTION.size, context)),
      guest: medianOf(await executedUs(clients.offloaded, EMPTY_FUNCTION.name, EMPTY_FUNCTION.size, context)),
    }
    for (const [name, size] of Object.entries(BENCHMARK_FUNCTIONS).filter(
      (_, i) => !context.quick || i % 4 === 2,
    )) {
      context.progress(`${EXPERIMENT}: ${name}, its own time`)
      const native = await nativeUs(name, size, context)
      const guest = await executedUs(clients.offloaded, name, size, context)
      results.push(rowOf(EXPERIMENT, "native function", without(native, emptyUs.native), { function: name }))
      results.push(rowOf(EXPERIMENT, "guest function", without(guest, emptyUs.guest), { function: name }))
      for (const ratePerSecond of rates) {
        const all = { native: samples(), offloaded: samples() }
        const ms = context.quick ? 60 : Math.max(DURATION_MS, (MIN_REQUESTS / ratePerSecond) * 1000)
        for (let repeat = 1; repeat <= repeats; repeat++) {
          context.progress(`${EXPERIMENT}: ${name}, ${ratePerSecond}/s, ${repeat} of ${repeats}`)
          for (const way of ["native", "offloaded"] as const) {
            const measured = await openLoop({
              ratePerSecond,
              durationMs: ms,
              call: () => clients[way].send(functionRequest(name, size)),
            })
            all[way].latenciesUs.push(...measured.latenciesUs)
            all[way].lateUs.push(...measured.lateUs)
            all[way].cpuUs.push(measured.clientCpuUsPerCall)
          }
        }
        for (const way of ["native", "offloaded"] as const) {
          const { latenciesUs, lateUs, cpuUs } = all[way]
          const more = {
            function: name,
            ratePerSecond,
            callsPerSecond: ratePerSecond,
            lateP99Us: quantile(Float64Array.from(lateUs).sort(), 0.99),
            clientCpuUsPerCall: medianOf(cpuUs),
          }
          results.push(rowOf(EXPERIMENT, way, latenciesUs, more))
        }
      }
    }
    conclude(results, context)
  } finally {
    await Promise.all(Object.values(clients).map((client) => client.close()))
    await servers.stop()
  }
  return results
}

/** The three ratios that the experiment is for: means over the functions, at each rate. */
function conclude(results: readonly BenchResult[], context: BenchContext): void {
  const p50 = (way: string, name: string, ratePerSecond?: number) =>
    results.find((one) => one.way === way && one.function === name && one.ratePerSecond === ratePerSecond)!
      .p50Us
  const names = [...new Set(results.flatMap((one) => one.function ?? []))]
  const meanOf = (some: readonly string[], ratio: (name: string) => number) =>
    (some.reduce((sum, name) => sum + ratio(name), 0) / some.length).toFixed(1)
  const mean = (ratio: (name: string) => number) => meanOf(names, ratio)
  for (const rate of new Set(results.flatMap((one) => one.ratePerSecond ?? []))) {
    const whole = mean((name) => p50("offloaded", name, rate) / p50("native", name, rate))
    const bridge = mean(
      (name) =>
        (p50("offloaded", name, rate) - p50("guest function", name)) /
        Math.max(1, p50("native", name, rate) - p50("native function", name)),
    )
    context.conclude(
      `${EXPERIMENT}: at ${rate}/s, mean over ${names.length} functions: ${whole} times native; without the ` +
        `functions' own time, ${bridge} times`,
    )
  }
  // What takes no time to speak of natively has no ratio.
  const measurable = names.filter((name) => p50("native function", name) >= 10)
  const engine = meanOf(measurable, (name) => p50("guest function", name) / p50("native function", name))
  context.conclude(
    `${EXPERIMENT}: the guest's engine takes ${engine} times V8's time, mean over ${measurable.length} functions`,
  )
}

function samples(): Record<"latenciesUs" | "lateUs" | "cpuUs", number[]> {
  return { latenciesUs: [], lateUs: [], cpuUs: [] }
}

/** The function in this process, by Hono, without a server. */
async function nativeUs(name: string, size: number, context: BenchContext): Promise<number[]> {
  const times: number[] = []
  for (let i = 0; i < warmAnd(context); i++) {
    const { path, ...init } = functionRequest(name, size)
    const request = new Request(`http://localhost${path}`, init)
    const start = performance.now()
    await app.fetch(request)
    times.push((performance.now() - start) * 1000)
  }
  return times.slice(times.length / 2)
}

/** The function in the guest, as the runtime takes the time. */
async function executedUs(client: HttpClient, name: string, size: number, context: BenchContext) {
  const times: number[] = []
  for (let i = 0; i < warmAnd(context); i++) {
    const headers = await client.send(functionRequest(name, size))
    const timing = /execute;dur=([\d.]+)/.exec(`${headers["server-timing"]}`)
    if (!timing) throw new Error(`${name}: the gateway told no timing; did it run in a function?`)
    times.push(Number(timing[1]) * 1000)
  }
  return times.slice(times.length / 2)
}

/** The first half warms up. */
function warmAnd(context: BenchContext): number {
  return context.quick ? 20 : 2 * OWN_REQUESTS
}

function without(times: readonly number[], us: number): number[] {
  return times.map((time) => Math.max(0, time - us))
}
