import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Hono } from "hono"
import { buildApp, uploadBuild } from "../src/faaslet/index.ts"
import { offload } from "../src/gateway/index.ts"
import { packageRoot } from "../src/package-root.ts"
import app from "./apps/payloads.ts"
import { closedLoop } from "./closed-loop.ts"
import type { BenchContext } from "./context.ts"
import { orderOf } from "./order.ts"
import type { BenchResult } from "./result.ts"
import { openTarget } from "./target.ts"

const EXPERIMENT = "end-to-end"
const ITEMS = [1, 10, 100]
const IN_FLIGHT = [1, 8, 64]

/**
 * A request to a Hono app and its response, with the handler in process (`native`), as a function over the channel (`rpc`) and over the planner's dialect (`json`): everything but the client's HTTP.
 */
export async function benchEndToEnd(context: BenchContext): Promise<BenchResult[]> {
  const build = await mkdtemp(join(tmpdir(), "hono-faasm-bench-"))
  const target = await openTarget(context.target)
  try {
    context.progress(`${EXPERIMENT}: building`)
    await buildApp({
      appFile: join(packageRoot, "bench/apps/payloads.ts"),
      outDir: build,
      user: "bench",
      split: "app",
      optimise: context.quick ? "dev" : "upload",
    })
    await uploadBuild(build, { uploadUrl: target.upload })
    const rpc = offload(app, { build, rpc: target.rpc })
    const json = offload(app, { build, planner: target.planner })
    const results: BenchResult[] = []
    context.measuring(results)
    for (const items of ITEMS) {
      const body = JSON.stringify(orderOf(items))
      for (const inFlight of IN_FLIGHT) {
        for (const [way, target] of [
          ["native", app],
          ["rpc", rpc],
          ["json", json],
        ] as [string, Hono][]) {
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
    await target.stop()
    await rm(build, { recursive: true, force: true })
  }
}

async function price(target: Hono, body: string): Promise<void> {
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
