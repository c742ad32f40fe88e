import { createSnapshot, Instance } from "../src/runtime/instance.ts"
import { prepareFunction } from "../src/runtime/prepare-function.ts"
import type { BenchContext } from "./context.ts"
import { pricingFunction } from "./pricing-function.ts"
import { type BenchResult, quantile } from "./result.ts"

const EXPERIMENT = "guest"
const MAX_MEMORY_BYTES = 256 * 1024 * 1024
const LINES = [1, 10, 100]

/**
 * A whole call inside the function (input, handler, output), without any transport, in both forms of the invocation
 * contract: an order of 1, 10 and 100 lines is priced by a handler of Hono. Memory is put back between calls, untimed.
 */
export async function benchGuest(context: BenchContext): Promise<BenchResult[]> {
  context.progress(`${EXPERIMENT}: building`)
  const pricing = await pricingFunction(context)
  const prepared = await prepareFunction(pricing.wasm, MAX_MEMORY_BYTES)
  const instance = new Instance(prepared, createSnapshot(prepared))
  const ways = LINES.flatMap((lines) => (["protobuf", "json"] as const).map((way) => ({ way, lines })))
  return ways.map(({ way, lines }) => {
    context.progress(`${EXPERIMENT}: ${way}, ${lines} lines`)
    const call = pricing.call(way, lines)
    const samples: number[] = []
    const { warmupMs, measureMs } = context.times
    const start = performance.now()
    for (let now = start; now < start + warmupMs + measureMs; ) {
      const before = performance.now()
      instance.run(call)
      now = performance.now()
      if (before > start + warmupMs) samples.push((now - before) * 1000)
      if (!instance.restore()) throw new Error("the instance could not be put back")
    }
    const sorted = Float64Array.from(samples).sort()
    const mean = sorted.reduce((sum, sample) => sum + sample, 0) / sorted.length
    return {
      experiment: EXPERIMENT,
      way,
      payloadBytes: call.input.length,
      inFlight: 1,
      p50Us: quantile(sorted, 0.5),
      p99Us: quantile(sorted, 0.99),
      callsPerSecond: 1e6 / mean,
      clientCpuUsPerCall: null,
      wireBytesPerCall: null,
    }
  })
}
