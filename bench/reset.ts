import { createSnapshot, Instance } from "../src/runtime/instance.ts"
import { prepareFunction } from "../src/runtime/prepare-function.ts"
import type { PreparedFunction } from "../src/runtime/prepared-function.ts"
import type { BenchContext } from "./context.ts"
import { pricingFunction } from "./pricing-function.ts"
import { type BenchResult, quantile } from "./result.ts"

const EXPERIMENT = "reset"
const MAX_MEMORY_BYTES = 256 * 1024 * 1024
const PAGE_BYTES = 4096

/**
 * What it costs to start every call from a clean memory, over a real function that prices an order of ten lines:
 *
 * - `cards`: putting back what the call's stores marked, as the runtime does
 * - `compare`: comparing the whole memory with its snapshot, and copying the pages that differ
 * - `fresh`: another instance
 * - `call, marking` and `call, plain`: the call itself, with and without the marking of stores
 */
export async function benchReset(context: BenchContext): Promise<BenchResult[]> {
  context.progress(`${EXPERIMENT}: building`)
  const { wasm, call } = await pricingFunction(context)
  const priced = call("protobuf", 10)
  const marking = await prepareFunction(wasm, MAX_MEMORY_BYTES)
  if (!marking.reset) throw new Error(`the function can't be put back: ${marking.notResettable}`)
  const plain: PreparedFunction = { module: await WebAssembly.compile(wasm), hasStart: false }
  const snapshot = createSnapshot(marking)!
  const marked = new Instance(marking, snapshot)
  const unmarked = new Instance(plain, undefined)
  const runMarked = () => marked.run(priced)
  const runUnmarked = () => unmarked.run(priced)
  const restore = () => {
    if (!marked.restore()) throw new Error("the instance could not be put back")
  }
  /** Leaves the caches as comparing does, so that the two calls start alike. */
  const restoreAndCompare = () => {
    restore()
    restoreByComparing(marked.memory, snapshot)
  }

  const ways: { way: string; prepare?: () => void; measured: () => void; after?: () => void }[] = [
    { way: "cards", prepare: runMarked, measured: restore },
    { way: "compare", prepare: runUnmarked, measured: () => restoreByComparing(unmarked.memory, snapshot) },
    { way: "fresh", measured: () => new Instance(plain, undefined) },
    { way: "call, marking", measured: runMarked, after: restoreAndCompare },
    { way: "call, plain", measured: runUnmarked, after: () => restoreByComparing(unmarked.memory, snapshot) },
  ]
  return ways.map(({ way, prepare, measured, after }) => {
    context.progress(`${EXPERIMENT}: ${way}`)
    const samples: number[] = []
    const { warmupMs, measureMs } = context.times
    const start = performance.now()
    for (let now = start; now < start + warmupMs + measureMs; ) {
      prepare?.()
      const before = performance.now()
      measured()
      now = performance.now()
      if (before > start + warmupMs) samples.push((now - before) * 1000)
      after?.()
    }
    const sorted = Float64Array.from(samples).sort()
    const mean = sorted.reduce((sum, sample) => sum + sample, 0) / sorted.length
    return {
      experiment: EXPERIMENT,
      way,
      payloadBytes: priced.input.length,
      inFlight: 1,
      p50Us: quantile(sorted, 0.5),
      p99Us: quantile(sorted, 0.99),
      callsPerSecond: 1e6 / mean,
      clientCpuUsPerCall: null,
      wireBytesPerCall: null,
    }
  })
}

function restoreByComparing(memory: Uint8Array, snapshot: Uint8Array): void {
  const now = Buffer.from(memory.buffer, memory.byteOffset, memory.length)
  for (let start = 0; start < memory.length; start += PAGE_BYTES) {
    const end = start + PAGE_BYTES
    if (now.compare(snapshot, start, end, start, end) !== 0) memory.set(snapshot.subarray(start, end), start)
  }
}
