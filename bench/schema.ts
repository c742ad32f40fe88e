import { execFile } from "node:child_process"
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { extname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { packageRoot } from "../src/package-root.ts"
import type { BenchContext } from "./context.ts"
import type { BenchResult } from "./result.ts"
import { rowOf } from "./row.ts"

const EXPERIMENT = "schema"
const ROUTES = [125, 250, 500, 1000]

/** Time and memory that it takes to read the types of apps of more and more routes, each with types of its own. */
export async function benchSchema(context: BenchContext): Promise<BenchResult[]> {
  // Within the project, so that the app finds Hono.
  const cache = join(packageRoot, "node_modules/.cache")
  await mkdir(cache, { recursive: true })
  const dir = await mkdtemp(join(cache, "bench-schema-"))
  try {
    await writeFile(join(dir, "tsconfig.json"), '{ "compilerOptions": { "strict": true, "types": [] } }')
    const results: BenchResult[] = []
    context.measuring(results)
    for (const routes of context.quick ? ROUTES.slice(0, 1) : ROUTES) {
      context.progress(`${EXPERIMENT}: ${routes} routes`)
      const app = join(dir, `app${routes}.ts`)
      await writeFile(app, appOf(routes))
      const runs = []
      for (let run = 0; run < (context.quick ? 1 : 5); run++) runs.push(await measure(app, dir))
      const row = rowOf(
        EXPERIMENT,
        `${routes} routes`,
        runs.map(({ ms }) => ms * 1000),
      )
      results.push(row)
      const mib = Math.max(...runs.map(({ memoryMib }) => memoryMib)).toFixed(0)
      context.conclude(`schema of ${routes} routes: ${(row.p50Us / 1e6).toFixed(1)} s, ${mib} MiB`)
    }
    return results
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

async function measure(app: string, dir: string): Promise<{ ms: number; memoryMib: number }> {
  const child = fileURLToPath(new URL(`./schema-child${extname(import.meta.url)}`, import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [...process.execArgv, child, app, dir])
  return JSON.parse(stdout)
}

function appOf(routes: number): string {
  const one = (i: number) => `
interface Order${i} { id: string; state: "open" | "paid" | "sent"; lines: { sku${i}: string; quantity: number }[]; note?: string | null }
declare const order${i}: Order${i}
app.post("/shop/${i}/orders/:id", zValidator("json", z.object({ name${i}: z.string(), count: z.number().optional(), tags: z.array(z.string()) })), (c) => {
  const { count } = c.req.valid("json")
  if (count === 0) return c.json({ error${i}: "empty" }, 400)
  return c.json({ order: order${i}, total: 1, by: { [c.req.param("id")]: true } }, 201)
})
`
  const head =
    'import { zValidator } from "@hono/zod-validator"\nimport { Hono } from "hono"\nimport { z } from "zod"\n'
  const registrations = Array.from({ length: routes }, (_, i) => one(i)).join("")
  return `${head}const app = new Hono()\n${registrations}export default app\n`
}
