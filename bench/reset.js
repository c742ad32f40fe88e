import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { buildApp } from "../src/faaslet/index.js"
import { packageRoot } from "../src/package-root.js"
import { createSnapshot, Instance } from "../src/runtime/instance.js"
import { prepareFunction } from "../src/runtime/prepare-function.js"
import { quantile } from "./result.js"

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
export async function benchReset(context) {
  context.progress(`${EXPERIMENT}: building`)
  const { wasm, input } = await pricingFunction(context.quick)
  const marking = await prepareFunction(wasm, MAX_MEMORY_BYTES)
  if (!marking.reset) throw new Error(`the function can't be put back: ${marking.notResettable}`)
  const plain = { module: await WebAssembly.compile(wasm), hasStart: false }
  const snapshot = createSnapshot(marking)
  const marked = new Instance(marking, snapshot)
  const unmarked = new Instance(plain, undefined)
  const runMarked = () => marked.run(hostCall(input))
  const runUnmarked = () => unmarked.run(hostCall(input))
  const restore = () => {
    if (!marked.restore()) throw new Error("the instance could not be put back")
  }
  /** Leaves the caches as comparing does, so that the two calls start alike. */
  const restoreAndCompare = () => {
    restore()
    restoreByComparing(marked.memory, snapshot)
  }
  const ways = [
    { way: "cards", prepare: runMarked, measured: restore },
    { way: "compare", prepare: runUnmarked, measured: () => restoreByComparing(unmarked.memory, snapshot) },
    { way: "fresh", measured: () => new Instance(plain, undefined) },
    { way: "call, marking", measured: runMarked, after: restoreAndCompare },
    { way: "call, plain", measured: runUnmarked, after: () => restoreByComparing(unmarked.memory, snapshot) },
  ]
  return ways.map(({ way, prepare, measured, after }) => {
    context.progress(`${EXPERIMENT}: ${way}`)
    const samples = []
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
      payloadBytes: input.length,
      inFlight: 1,
      p50Us: quantile(sorted, 0.5),
      p99Us: quantile(sorted, 0.99),
      callsPerSecond: 1e6 / mean,
      clientCpuUsPerCall: null,
      wireBytesPerCall: null,
    }
  })
}
async function pricingFunction(quick) {
  const outDir = await mkdtemp(join(tmpdir(), "hono-faasm-bench-"))
  try {
    const { functions, routes, schemaHash } = await buildApp({
      appFile: join(packageRoot, "bench/apps/payloads.ts"),
      outDir,
      user: "bench",
      split: "app",
      optimise: quick ? "dev" : "upload",
    })
    const lines = Array.from({ length: 10 }, (_, index) => ({
      sku: `SKU-${1000 + index}`,
      name: `Product number ${index}`,
      quantity: index + 1,
      unitPrice: 10 + index / 4,
      gift: index % 3 === 0,
    }))
    const input = {
      schemaHash,
      route: routes[0].index,
      method: "POST",
      url: "http://localhost/price",
      messageJson: { json: { customer: "c-1029", currency: "EUR", lines } },
    }
    return {
      wasm: new Uint8Array(await readFile(join(outDir, functions[0].file))),
      input: Buffer.from(JSON.stringify(input)),
    }
  } finally {
    await rm(outDir, { recursive: true, force: true })
  }
}
function hostCall(input) {
  return {
    input,
    output(bytes) {
      // A failure has no body.
      if (!Buffer.from(bytes.subarray(0, 100)).includes('"bodyJson"'))
        throw new Error(Buffer.from(bytes).toString())
    },
    print() {},
  }
}
function restoreByComparing(memory, snapshot) {
  const now = Buffer.from(memory.buffer, memory.byteOffset, memory.length)
  for (let start = 0; start < memory.length; start += PAGE_BYTES) {
    const end = start + PAGE_BYTES
    if (now.compare(snapshot, start, end, start, end) !== 0) memory.set(snapshot.subarray(start, end), start)
  }
}
