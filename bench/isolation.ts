import { setImmediate } from "node:timers/promises"
import { createSnapshot, Instance } from "../src/runtime/instance.ts"
import { prepareFunction } from "../src/runtime/prepare-function.ts"
import type { PreparedFunction } from "../src/runtime/prepared-function.ts"
import type { BenchContext } from "./context.ts"
import { pricingFunction } from "./pricing-function.ts"
import type { BenchResult } from "./result.ts"
import { rowOf } from "./row.ts"

const EXPERIMENT = "isolation"
const MAX_MEMORY_BYTES = 256 * 1024 * 1024
const PAGE_BYTES = 4096
/** Calls that an instance which is never put back serves. */
const MAX_REUSES = 1000

/**
 * What it costs that every request finds a clean memory, over a real function that prices an order of ten lines. Ways:
 *
 * - `put back`: what the call's stores marked is put back, as the runtime does
 * - `compared`: the whole memory is compared with its snapshot, and the pages that differ are copied
 * - `fresh`: another instance for each call
 * - `reused`: nothing is put back: a call finds what those before it left
 *
 * Rows with the phase `call` are the request alone, with `reset` the work between two.
 */
export async function benchIsolation(context: BenchContext): Promise<BenchResult[]> {
  context.progress(`${EXPERIMENT}: building`)
  const { wasm, call } = await pricingFunction(context)
  const priced = call("protobuf", 10)
  const marking = await prepareFunction(wasm, MAX_MEMORY_BYTES)
  if (!marking.reset) throw new Error(`the function can't be put back: ${marking.notResettable}`)
  const plain: PreparedFunction = { module: await WebAssembly.compile(wasm), hasStart: false }
  const snapshot = createSnapshot(marking)!
  const marked = new Instance(marking, snapshot)
  const compared = new Instance(plain, undefined)
  let reused = new Instance(plain, undefined)
  let reuses = 0
  let fresh = new Instance(plain, undefined)
  const ways: Record<string, { run(): void; reset(): void; between?(): void }> = {
    "put back": {
      run: () => marked.run(priced),
      reset() {
        if (!marked.restore()) throw new Error("the instance could not be put back")
      },
    },
    compared: {
      run: () => compared.run(priced),
      reset: () => restoreByComparing(compared.memory, snapshot),
    },
    fresh: {
      run: () => fresh.run(priced),
      reset() {
        fresh = new Instance(plain, undefined)
      },
    },
    reused: {
      run: () => reused.run(priced),
      reset() {},
      // What calls leave, and are never made to free, is some day all of its memory.
      between() {
        if (++reuses % MAX_REUSES === 0) reused = new Instance(plain, undefined)
      },
    },
  }
  const rows: BenchResult[] = []
  context.measuring(rows)
  for (const [way, { run, reset, between }] of Object.entries(ways)) {
    context.progress(`${EXPERIMENT}: ${way}`)
    const calls: number[] = []
    const resets: number[] = []
    const { warmupMs, measureMs } = context.times
    const start = performance.now()
    for (let now = start; now < start + warmupMs + measureMs; ) {
      const before = performance.now()
      run()
      const ran = performance.now()
      reset()
      now = performance.now()
      between?.()
      if (before < start + warmupMs) continue
      calls.push((ran - before) * 1000)
      resets.push((now - ran) * 1000)
    }
    const row = (samples: number[], phase?: string) =>
      rowOf(EXPERIMENT, way, samples, { phase, payloadBytes: priced.input.length })
    const both = calls.map((us, i) => us + resets[i]!)
    rows.push(row(both), row(calls, "call"), row(resets, "reset"))
    // Lets an interruption in.
    await setImmediate()
  }
  conclude(rows, context)
  return rows
}

function conclude(rows: readonly BenchResult[], context: BenchContext): void {
  const p50 = (way: string, phase?: string) =>
    rows.find((row) => row.way === way && row.phase === phase)!.p50Us
  const times = (way: string) => `'${way}' ${(p50(way) / p50("put back")).toFixed(1)}`
  context.conclude(
    `${EXPERIMENT}: a call and its reset take ${p50("put back").toFixed(0)} us, ${p50("put back", "reset").toFixed(0)} ` +
      `us of which come after the answer. As multiples of that: ${["compared", "fresh", "reused"].map(times).join(", ")}; ` +
      "what is reused makes for each request the Hono context that the snapshot has ready",
  )
}

function restoreByComparing(memory: Uint8Array, snapshot: Uint8Array): void {
  const now = Buffer.from(memory.buffer, memory.byteOffset, memory.length)
  for (let start = 0; start < memory.length; start += PAGE_BYTES) {
    const end = start + PAGE_BYTES
    if (now.compare(snapshot, start, end, start, end) !== 0) memory.set(snapshot.subarray(start, end), start)
  }
}
