import app from "../examples/benchmarks/app.ts"
import { type BenchmarkServers, startBenchmarkServers } from "./benchmark-app.ts"
import { type BenchRequest, EMPTY_REQUEST, FUNCTION_REQUESTS } from "./benchmark-functions.ts"
import type { BenchContext } from "./context.ts"
import { HttpClient } from "./http-client.ts"
import { openLoop } from "./open-loop.ts"
import { ratioText } from "./ratio-text.ts"
import { meanOf, ratiosOf } from "./ratios.ts"
import { type BenchResult, quantile } from "./result.ts"
import { medianOf, rowOf } from "./row.ts"

const EXPERIMENT = "relative"
const WAYS = ["native", "offloaded"] as const
const RATES = [1, 5, 10, 20, 30, 40, 50, 75, 100]
const REPEATS = 5
/** Requests at least per measurement, so that low rates have a median. */
const MIN_REQUESTS = 5
const DURATION_MS = 1000
/** Requests for a function's own time, after as many to warm up. */
const OWN_REQUESTS = 200

/**
 * Every function of `examples/benchmarks` natively and offloaded, in turn. Rows:
 *
 * - `native`, `offloaded`: latency of the whole request, started at a fixed rate
 * - `native function`, `guest function`: the function's own time in process and in the guest, less that of one that
 *   does nothing
 */
export async function benchRelative(context: BenchContext): Promise<BenchResult[]> {
  const servers = await startBenchmarkServers(context, EXPERIMENT, "brief")
  const bench = new RelativeBench(servers, context)
  context.measuring(bench.rows)
  try {
    await bench.run()
  } finally {
    await bench.close()
    await servers.stop()
  }
  return bench.rows
}

class RelativeBench {
  readonly rows: BenchResult[] = []
  readonly #context: BenchContext
  readonly #clients: Record<(typeof WAYS)[number], HttpClient>
  readonly #rates: readonly number[]
  readonly #repeats: number

  constructor(servers: BenchmarkServers, context: BenchContext) {
    this.#context = context
    this.#clients = {
      native: new HttpClient(servers.native),
      offloaded: new HttpClient(servers.offloaded),
    }
    this.#rates = context.rates ?? (context.quick ? [50] : RATES)
    this.#repeats = context.repeats ?? (context.quick ? 1 : REPEATS)
  }

  async run(): Promise<void> {
    // The first time for the compiler.
    await this.#nativeUs(EMPTY_REQUEST)
    const emptyUs = {
      native: medianOf(await this.#nativeUs(EMPTY_REQUEST)),
      guest: medianOf(await this.#executedUs(EMPTY_REQUEST)),
    }
    const requests = Object.entries(FUNCTION_REQUESTS)
    for (const [name, request] of requests.filter((_, i) => !this.#context.quick || i % 4 === 2)) {
      await this.#ownTime(name, request, emptyUs)
      for (const ratePerSecond of this.#rates) await this.#atRate(name, request, ratePerSecond)
    }
    this.#conclude()
  }

  async close(): Promise<void> {
    await Promise.all(Object.values(this.#clients).map((client) => client.close()))
  }

  async #ownTime(name: string, request: BenchRequest, emptyUs: { native: number; guest: number }) {
    this.#context.progress(`${EXPERIMENT}: ${name}, its own time`)
    // The native server is warmed as the function is, else the compiler would work in what is measured next.
    for (let i = 0; i < this.#warmAndMeasured(); i++) await this.#clients.native.send(request)
    const native = without(await this.#nativeUs(request), emptyUs.native)
    const guest = without(await this.#executedUs(request), emptyUs.guest)
    this.rows.push(rowOf(EXPERIMENT, "native function", native, { function: name }))
    this.rows.push(rowOf(EXPERIMENT, "guest function", guest, { function: name }))
  }

  async #atRate(name: string, request: BenchRequest, ratePerSecond: number): Promise<void> {
    const all = { native: samples(), offloaded: samples() }
    const durationMs = this.#context.quick ? 60 : Math.max(DURATION_MS, (MIN_REQUESTS / ratePerSecond) * 1000)
    for (let repeat = 1; repeat <= this.#repeats; repeat++) {
      this.#context.progress(`${EXPERIMENT}: ${name}, ${ratePerSecond}/s, ${repeat} of ${this.#repeats}`)
      for (const way of WAYS) {
        const call = () => this.#clients[way].send(request)
        const measured = await openLoop({ ratePerSecond, durationMs, call })
        all[way].latenciesUs.push(...measured.latenciesUs)
        all[way].lateUs.push(...measured.lateUs)
        all[way].cpuUs.push(measured.clientCpuUsPerCall)
      }
    }
    for (const way of WAYS) {
      const { latenciesUs, lateUs, cpuUs } = all[way]
      const more = {
        function: name,
        ratePerSecond,
        callsPerSecond: ratePerSecond,
        lateP99Us: quantile(Float64Array.from(lateUs).sort(), 0.99),
        clientCpuUsPerCall: medianOf(cpuUs),
      }
      this.rows.push(rowOf(EXPERIMENT, way, latenciesUs, more))
    }
  }

  /** The function in this process, by Hono, without a server. */
  async #nativeUs({ path, ...init }: BenchRequest): Promise<number[]> {
    const times: number[] = []
    for (let i = 0; i < this.#warmAndMeasured(); i++) {
      const request = new Request(`http://localhost${path}`, init)
      const start = performance.now()
      await app.fetch(request)
      times.push((performance.now() - start) * 1000)
    }
    return times.slice(times.length / 2)
  }

  /** The function in the guest, as the host takes the time. */
  async #executedUs(request: BenchRequest): Promise<number[]> {
    const times: number[] = []
    for (let i = 0; i < this.#warmAndMeasured(); i++) {
      const headers = await this.#clients.offloaded.send(request)
      const timing = /execute;dur=([\d.]+)/.exec(`${headers["server-timing"]}`)
      if (!timing) throw new Error(`${request.path}: the gateway told no timing; did it run in a function?`)
      times.push(Number(timing[1]) * 1000)
    }
    return times.slice(times.length / 2)
  }

  /** The first half warms up. */
  #warmAndMeasured(): number {
    return this.#context.quick ? 20 : 2 * OWN_REQUESTS
  }

  /** The three ratios that the experiment is for, at each rate. */
  #conclude(): void {
    const say = (sentence: string) => this.#context.conclude(`${EXPERIMENT}: ${sentence}`)
    const ratios = ratiosOf(this.rows)
    for (const rate of this.#rates) {
      const at = ratios.flatMap((one) => one.rates.filter(({ ratePerSecond }) => ratePerSecond === rate))
      say(
        `at ${rate}/s, ${at.length} functions take ${meanText(at.map(({ whole }) => whole))} times native; without ` +
          `their own time ${meanText(at.map(({ bridge }) => bridge))} times`,
      )
    }
    const engines = ratios.flatMap(({ engine }) => engine ?? [])
    say(`the guest's engine takes ${meanText(engines)} times V8's time, over ${engines.length} functions`)
  }
}

function meanText(ratios: readonly (number | undefined)[]): string {
  const median = medianOf(ratios.filter((ratio) => ratio !== undefined))
  return `${ratioText(meanOf(ratios))} (median ${ratioText(median)})`
}

function samples(): Record<"latenciesUs" | "lateUs" | "cpuUs", number[]> {
  return { latenciesUs: [], lateUs: [], cpuUs: [] }
}

function without(times: readonly number[], us: number): number[] {
  return times.map((time) => Math.max(0, time - us))
}
