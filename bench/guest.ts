import { setImmediate } from "node:timers/promises"
import { createSnapshot, Instance } from "../src/runtime/instance.ts"
import { prepareFunction } from "../src/runtime/prepare-function.ts"
import type { BenchContext } from "./context.ts"
import { pricingFunction } from "./pricing-function.ts"
import type { BenchResult } from "./result.ts"
import { rowOf } from "./row.ts"

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
  const rows: BenchResult[] = []
  context.measuring(rows)
  for (const { way, lines } of ways) {
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
    rows.push(rowOf(EXPERIMENT, way, samples, { payloadBytes: call.input.length }))
    // Lets an interruption in.
    await setImmediate()
  }
  return rows
}
