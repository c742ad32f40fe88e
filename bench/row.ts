import { type BenchResult, quantile } from "./result.ts"

/** The most samples that a row keeps: more of them make a report that nobody can send around. */
const MAX_SAMPLES = 2000

/** A row of measured times, one call at a time. What `more` says takes precedence. */
export function rowOf(
  experiment: string,
  way: string,
  samplesUs: readonly number[],
  more: Partial<BenchResult> = {},
): BenchResult {
  const sorted = Float64Array.from(samplesUs).sort()
  const mean = sorted.reduce((sum, sample) => sum + sample, 0) / sorted.length
  return {
    experiment,
    way,
    payloadBytes: 0,
    inFlight: 1,
    calls: samplesUs.length,
    p50Us: quantile(sorted, 0.5),
    p99Us: quantile(sorted, 0.99),
    callsPerSecond: 1e6 / mean,
    clientCpuUsPerCall: null,
    wireBytesPerCall: null,
    samplesUs: keptSamples(samplesUs),
    ...more,
  }
}

/** At most {@link MAX_SAMPLES} of the samples, evenly spread over the time in which they were taken. */
export function keptSamples(samplesUs: ArrayLike<number>): number[] {
  const count = Math.min(samplesUs.length, MAX_SAMPLES)
  return Array.from({ length: count }, (_, i) => {
    const sample = samplesUs[Math.floor((i * samplesUs.length) / count)]!
    return Number(sample.toPrecision(5))
  })
}

/** The median. */
export function medianOf(samples: ArrayLike<number>): number {
  return quantile(Float64Array.from(samples).sort(), 0.5)
}
