import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { extname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { buildApp, uploadBuild } from "../src/faaslet/index.ts"
import { packageRoot } from "../src/package-root.ts"
import { type ChildServer, startChild } from "./child.ts"
import type { BenchContext } from "./context.ts"
import { openTarget } from "./target.ts"

/** `examples/benchmarks`, served natively and offloaded; runtime (or Faasm), gateway and native server are processes of their own. */
export interface BenchmarkServers {
  native: string
  offloaded: string
  stop(): Promise<void>
}

/** Builds and uploads the app, and starts the servers. */
export async function startBenchmarkServers(
  context: BenchContext,
  experiment: string,
): Promise<BenchmarkServers> {
  const appFile = join(packageRoot, "examples/benchmarks/app.ts")
  const build = await mkdtemp(join(tmpdir(), "hono-faasm-bench-"))
  const started: Pick<ChildServer, "stop">[] = []
  const stop = async () => {
    await Promise.all(started.map((server) => server.stop()))
    await rm(build, { recursive: true, force: true })
  }
  try {
    context.progress(`${experiment}: building`)
    await buildApp({ appFile, outDir: build, user: "bench", optimise: context.quick ? "dev" : "upload" })
    const start = async (server: Promise<ChildServer>) => {
      const child = await server
      started.push(child)
      return child.url
    }
    const target = await openTarget(context.target)
    started.push(target)
    await uploadBuild(build, { uploadUrl: target.upload })
    const program = fileURLToPath(new URL(`./app-server${extname(import.meta.url)}`, import.meta.url))
    return {
      native: await start(startChild(program, [appFile])),
      offloaded: await start(startChild(program, [appFile, build, target.rpc])),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}
