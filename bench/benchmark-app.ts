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
  /** Process ids of the two that serve HTTP. */
  pids: { native: number; offloaded: number }
  /** Directory of the build. */
  build: string
  stop(): Promise<void>
}

/** The app. */
export const BENCHMARK_APP = join(packageRoot, "examples/benchmarks/app.ts")

/**
 * Builds and uploads the app, and starts the servers.
 *
 * @param timing - what answers are to tell of their time: what the function took, or where all of it went
 */
export async function startBenchmarkServers(
  context: BenchContext,
  experiment: string,
  timing?: "brief" | "detailed",
): Promise<BenchmarkServers> {
  const build = await mkdtemp(join(tmpdir(), "hono-faasm-bench-"))
  const started: Pick<ChildServer, "stop">[] = []
  const stop = async () => {
    await Promise.all(started.map((server) => server.stop()))
    await rm(build, { recursive: true, force: true })
  }
  try {
    context.progress(`${experiment}: building`)
    await buildApp({
      appFile: BENCHMARK_APP,
      outDir: build,
      user: "bench",
      optimise: context.quick ? "dev" : "upload",
    })
    const start = async (server: Promise<ChildServer>) => {
      const child = await server
      started.push(child)
      return child
    }
    const target = await openTarget(context.target)
    started.push(target)
    await uploadBuild(build, { uploadUrl: target.upload })
    const program = fileURLToPath(new URL(`./app-server${extname(import.meta.url)}`, import.meta.url))
    const flags = timing ? ["--timing", timing] : []
    const native = await start(startChild(program, [BENCHMARK_APP, ...flags]))
    const offloaded = await start(startChild(program, [BENCHMARK_APP, build, target.rpc, ...flags]))
    return {
      native: native.url,
      offloaded: offloaded.url,
      pids: { native: native.pid, offloaded: offloaded.pid },
      build,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}
