import { type BenchResult, quantile } from "./result.ts"
import { keptSamples } from "./row.ts"

/** With fewer calls the 99.9th percentile would be the slowest. */
const MIN_CALLS_FOR_P999 = 2000

/** What {@link closedLoop} measures. */
export interface ClosedLoopOptions {
  /** Calls kept in flight: a new one starts when one ends. */
  inFlight: number
  /** Milliseconds to run before measuring. */
  warmupMs: number
  /** Milliseconds to measure. */
  measureMs: number
  /** One call; a rejection ends the measurement. */
  call: () => Promise<unknown>
}

/** The figures of one measurement, as a {@link BenchResult} has them. */
export type ClosedLoopFigures = Pick<
  BenchResult,
  "calls" | "p50Us" | "p99Us" | "p999Us" | "callsPerSecond" | "clientCpuUsPerCall" | "samplesUs"
>

/** Keeps a number of calls in flight for a while, and takes the time of each. */
export async function closedLoop(options: ClosedLoopOptions): Promise<ClosedLoopFigures> {
  await run(options, options.warmupMs)
  const cpu = process.cpuUsage()
  const start = performance.now()
  const samples = await run(options, options.measureMs)
  const seconds = (performance.now() - start) / 1000
  const used = process.cpuUsage(cpu)
  const sorted = Float64Array.from(samples).sort()
  return {
    calls: sorted.length,
    p50Us: quantile(sorted, 0.5),
    p99Us: quantile(sorted, 0.99),
    ...(sorted.length < MIN_CALLS_FOR_P999 ? {} : { p999Us: quantile(sorted, 0.999) }),
    callsPerSecond: sorted.length / seconds,
    clientCpuUsPerCall: (used.user + used.system) / sorted.length,
    samplesUs: keptSamples(samples),
  }
}

async function run({ inFlight, call }: ClosedLoopOptions, ms: number): Promise<number[]> {
  const samples: number[] = []
  const end = performance.now() + ms
  const lane = async () => {
    for (let start = performance.now(); start < end; ) {
      await call()
      const now = performance.now()
      samples.push((now - start) * 1000)
      start = now
    }
  }
  await Promise.all(Array.from({ length: inFlight }, lane))
  return samples
}
