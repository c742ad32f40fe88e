import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { buildApp, uploadBuild } from "../src/faaslet/index.js"
import { offload } from "../src/gateway/index.js"
import { packageRoot } from "../src/package-root.js"
import app from "./apps/payloads.js"
import { closedLoop } from "./closed-loop.js"
import { startRuntimeChild } from "./runtime-child.js"

const EXPERIMENT = "end-to-end"
const ITEMS = [1, 10, 100]
const IN_FLIGHT = [1, 8, 64]
/**
 * A request to a Hono app and its response, with the handler in process (`native`), on the embedded runtime over the
 * channel (`rpc`) and over the planner's dialect (`json`): everything but the client's HTTP.
 */
export async function benchEndToEnd(context) {
  const build = await mkdtemp(join(tmpdir(), "hono-faasm-bench-"))
  const runtime = await startRuntimeChild()
  try {
    context.progress(`${EXPERIMENT}: building`)
    await buildApp({
      appFile: join(packageRoot, "bench/apps/payloads.ts"),
      outDir: build,
      user: "bench",
      split: "app",
      optimise: context.quick ? "dev" : "upload",
    })
    await uploadBuild(build, { uploadUrl: runtime.url })
    const rpc = offload(app, { build, rpc: runtime.url })
    const json = offload(app, { build, planner: runtime.url })
    const results = []
    for (const items of ITEMS) {
      const body = orderOf(items)
      for (const inFlight of IN_FLIGHT) {
        for (const [way, target] of [
          ["native", app],
          ["rpc", rpc],
          ["json", json],
        ]) {
          context.progress(`${EXPERIMENT}: ${way}, ${items} items, ${inFlight} in flight`)
          const figures = await closedLoop({ inFlight, call: () => price(target, body), ...context.times })
          results.push({
            experiment: EXPERIMENT,
            way,
            payloadBytes: body.length,
            inFlight,
            ...figures,
            wireBytesPerCall: null,
          })
        }
      }
    }
    await Promise.all([rpc.gateway.close(), json.gateway.close()])
    return results
  } finally {
    await runtime.stop()
    await rm(build, { recursive: true, force: true })
  }
}
async function price(target, body) {
  const response = await target.fetch(
    new Request("http://localhost/price", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    }),
  )
  const text = await response.text()
  if (response.status !== 200) throw new Error(`${response.status}: ${text}`)
}
function orderOf(items) {
  return JSON.stringify({
    customer: "c-1029",
    currency: "EUR",
    lines: Array.from({ length: items }, (_, i) => ({
      sku: `SKU-${1000 + i}`,
      name: `Product number ${i}`,
      quantity: (i % 5) + 1,
      unitPrice: 10 + i / 4,
      gift: i % 3 === 0,
    })),
  })
}
