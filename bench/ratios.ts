import type { BenchResult } from "./result.ts"

/** What offloading costs a function, as multiples of native. A ratio that can't be told is undefined. */
export interface Ratios {
  function: string
  /** The guest's engine against V8 on the same code, by medians. */
  engine: number | undefined
  /** By requests a second, in ascending order. */
  rates: RatioAtRate[]
}

/** The ratios that depend on the rate. */
interface RatioAtRate {
  ratePerSecond: number
  /** Latency offloaded against native, by medians. */
  whole: number
  /** The same by 99th percentiles. */
  wholeP99: number
  /** Latency without the function's own time in the guest, against latency without its own time natively. */
  bridge: number | undefined
}

/** What takes less natively, in microseconds, has no ratio: it is within what the clock and the empty function miss. */
const MEASURABLE_US = 10

/** The ratios of each function in rows of the experiment `relative`, in the rows' order. */
export function ratiosOf(rows: readonly BenchResult[]): Ratios[] {
  const names = [...new Set(rows.flatMap((row) => row.function ?? []))]
  return names.map((name) => {
    const own = rows.filter((row) => row.function === name)
    const find = (way: string, rate?: number) =>
      own.find((row) => row.way === way && row.ratePerSecond === rate)
    const nativeUs = find("native function")?.p50Us
    const guestUs = find("guest function")?.p50Us
    const rates = [...new Set(own.flatMap((row) => row.ratePerSecond ?? []))].sort((a, b) => a - b)
    return {
      function: name,
      engine: ratio(guestUs, nativeUs),
      rates: rates.flatMap((ratePerSecond) => {
        const native = find("native", ratePerSecond)
        const offloaded = find("offloaded", ratePerSecond)
        // An interrupted run has one without the other.
        if (!native || !offloaded) return []
        return {
          ratePerSecond,
          whole: offloaded.p50Us / native.p50Us,
          wholeP99: offloaded.p99Us / native.p99Us,
          bridge: ratio(without(offloaded.p50Us, guestUs), without(native.p50Us, nativeUs)),
        }
      }),
    }
  })
}

/** The mean of those that are defined; undefined when none is. */
export function meanOf(values: readonly (number | undefined)[]): number | undefined {
  const defined = values.filter((value) => value !== undefined)
  return defined.length === 0 ? undefined : defined.reduce((sum, value) => sum + value, 0) / defined.length
}

function without(wholeUs: number, ownUs: number | undefined): number | undefined {
  return ownUs === undefined ? undefined : wholeUs - ownUs
}

function ratio(us: number | undefined, ofUs: number | undefined): number | undefined {
  return us === undefined || ofUs === undefined || us < 0 || ofUs < MEASURABLE_US ? undefined : us / ofUs
}
