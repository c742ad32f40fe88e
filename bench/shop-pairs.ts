import type { BenchResult } from "./result.ts"

/** A route under a load, both ways. */
export interface ShopPair {
  route: string
  native: BenchResult
  offloaded: BenchResult
  /** Latency offloaded against native, by medians. */
  latency: number
  /** Requests for the CPU time of the process that speaks HTTP, offloaded against native; NaN where that is not known. */
  requestsPerCpu: number
}

/** Pairs the rows of the experiment `shop`, in their order; an interrupted run may have one without the other. */
export function shopPairs(rows: readonly BenchResult[]): ShopPair[] {
  return rows.flatMap((native): ShopPair[] => {
    const offloaded = rows.find(
      (row) =>
        row.way === "offloaded" &&
        row.function === native.function &&
        row.ratePerSecond === native.ratePerSecond &&
        row.inFlight === native.inFlight,
    )
    if (native.way !== "native" || !offloaded) return []
    const latency = offloaded.p50Us / native.p50Us
    const requestsPerCpu =
      (native.serverCpuUsPerCall ?? Number.NaN) / (offloaded.serverCpuUsPerCall ?? Number.NaN)
    return [{ route: native.function ?? "", native, offloaded, latency, requestsPerCpu }]
  })
}
