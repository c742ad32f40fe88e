import { Command } from "commander"
import { type BuildFlags, runBuild, withBuildFlags } from "./build.ts"
import { parsePort } from "./options.ts"
import { printProgress } from "./progress.ts"
import { routeTable } from "./route-table.ts"
import { closeOnSignal } from "./shutdown.ts"

/** Where the gateway of {@link devCommand} tells which way calls went. */
export const STATUS_PATH = "/-/hono-faasm"

/** What `hono-faasm dev` takes beside the options of a build. */
interface DevFlags extends BuildFlags {
  port: number
  host: string
  rpc?: string
  planner?: string
  uploadUrl?: string
  serverTiming?: boolean
}

/** `hono-faasm dev`: builds, uploads, and serves the gateway, in one process. */
export function devCommand(): Command {
  return withBuildFlags(new Command("dev"), "dev")
    .description(
      "Build the app, start the embedded runtime, upload the functions, and serve the app through them.",
    )
    .argument("<app>", "the module whose default export is the Hono app, such as src/app.ts")
    .option("-p, --port <port>", "port of the gateway; 0 picks a free one", parsePort, 3000)
    .option("--host <address>", "address of the gateway", "127.0.0.1")
    .option("--rpc <url>", "use the FunctionService of a running Faasm instead of the embedded runtime")
    .option(
      "--planner <url>",
      "use the planner of a running Faasm: the fallback with --rpc, the only way without",
    )
    .option("--upload-url <url>", "upload server of that Faasm")
    .option("--server-timing", "tell in a Server-Timing header where a request's time went")
    .action(async (appFile: string, flags: DevFlags, command: Command) => {
      const external = flags.rpc !== undefined || flags.planner !== undefined
      if (external && !flags.uploadUrl) command.error("error: --rpc and --planner need --upload-url as well")
      if (!external && flags.uploadUrl) command.error("error: --upload-url needs --rpc or --planner as well")

      const manifest = await runBuild(appFile, flags)
      const [{ uploadBuild }, { offload }, { startRuntime }, { loadApp }, { listen }] = await Promise.all([
        import("../faaslet/index.ts"),
        import("../gateway/index.ts"),
        import("../runtime/index.ts"),
        import("./load-app.ts"),
        import("../service/index.ts"),
      ])
      const app = await loadApp(appFile)
      const runtime = external ? undefined : await startRuntime()
      try {
        await uploadBuild(flags.out, {
          uploadUrl: runtime?.url ?? flags.uploadUrl!,
          onProgress: printProgress,
        })
        const offloaded = offload(app, {
          build: flags.out,
          rpc: runtime?.url ?? flags.rpc,
          planner: runtime?.url ?? flags.planner,
          serverTiming: flags.serverTiming,
          status: STATUS_PATH,
        })
        const server = await listen(offloaded, flags)
        closeOnSignal(async () => {
          await Promise.all([server.close(), offloaded.gateway.close()])
          await runtime?.close()
        })
        console.log(`${routeTable(manifest)}\n`)
        console.log(`listening on ${server.url}`)
      } catch (error) {
        await runtime?.close(0)
        throw error
      }
    })
}
