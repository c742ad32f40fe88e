import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { buildApp } from "../src/faaslet/index.js"
import { packageRoot } from "../src/package-root.js"
import { startRuntime } from "../src/runtime/index.js"
import { quantile } from "./result.js"

const EXPERIMENT = "cold-start"
/** An Invocation of the app's only route with a schema that is not the app's: answered by the guest at once. */
const OTHER_SCHEMA = Uint8Array.of(0x09, 1, 1, 1, 1, 1, 1, 1, 1)
/**
 * The first call of a function that has never run (`cold`) against the next one (`warm`), without a network: what is
 * between them is making a faaslet of the snapshot. No script is loaded in either.
 */
export async function benchColdStart(context) {
  const build = await mkdtemp(join(tmpdir(), "hono-faasm-bench-"))
  const runtime = await startRuntime({ slots: 1, log() {} })
  try {
    context.progress(`${EXPERIMENT}: building`)
    const manifest = await buildApp({
      appFile: join(packageRoot, "bench/apps/payloads.ts"),
      outDir: build,
      optimise: context.quick ? "dev" : "upload",
    })
    const wasm = await readFile(join(build, manifest.functions[0].file))
    const cold = []
    const warm = []
    for (let i = 0; i < (context.quick ? 5 : 30); i++) {
      context.progress(`${EXPERIMENT}: function ${i + 1}`)
      await runtime.upload("bench", `cold-${i}`, wasm)
      cold.push(await callUs(runtime, `cold-${i}`))
      warm.push(await callUs(runtime, `cold-${i}`))
    }
    return [row("cold", cold), row("warm", warm)]
  } finally {
    await runtime.close()
    await rm(build, { recursive: true, force: true })
  }
}
async function callUs(runtime, name) {
  const start = performance.now()
  const outcome = await new Promise((done) => {
    const call = { user: "bench", function: name, input: OTHER_SCHEMA, deadline: start + 10_000, queue: true }
    runtime.invoker.submit(call, done)
  })
  if (outcome.error) throw new Error(outcome.error.message)
  return (performance.now() - start) * 1000
}
function row(way, samples) {
  const sorted = Float64Array.from(samples).sort()
  const p50Us = quantile(sorted, 0.5)
  return {
    experiment: EXPERIMENT,
    way,
    payloadBytes: OTHER_SCHEMA.length,
    inFlight: 1,
    p50Us,
    p99Us: quantile(sorted, 0.99),
    callsPerSecond: 1e6 / p50Us,
    clientCpuUsPerCall: null,
    wireBytesPerCall: null,
  }
}
