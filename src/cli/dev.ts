import { readFileSync } from "node:fs"
import { Command } from "commander"
import type { OffloadOptions } from "../gateway/index.ts"
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
  rpcTokenFile?: string
  rpcCa?: string
  rpcCert?: string
  rpcKey?: string
  planner?: string
  uploadUrl?: string
  serverTiming?: boolean
}

/** The options that only `--rpc` gives a meaning. */
const ACCESS = ["rpcTokenFile", "rpcCa", "rpcCert", "rpcKey"] as const

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
    .option("--rpc-token-file <file>", "the bearer token that it asks for, on the first line of a file")
    .option("--rpc-ca <file>", "PEM file with the certificates that its own comes from")
    .option("--rpc-cert <file>", "PEM file with the client certificate that it asks for")
    .option("--rpc-key <file>", "PEM file with the key of --rpc-cert")
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
      if (flags.rpc === undefined && ACCESS.some((name) => flags[name] !== undefined))
        command.error("error: --rpc-token-file, --rpc-ca, --rpc-cert and --rpc-key need --rpc as well")
      const access = readAccess(flags)

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
          ...access,
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

/** What lets the gateway in at the server of `--rpc`. */
function readAccess(flags: DevFlags): Pick<OffloadOptions, "rpcToken" | "rpcTls"> {
  const { rpcTokenFile, rpcCa, rpcCert, rpcKey } = flags
  const read = (file: string | undefined) => (file === undefined ? undefined : readFileSync(file, "utf8"))
  return {
    rpcToken: read(rpcTokenFile)?.split(/\r?\n/, 1)[0],
    rpcTls:
      (rpcCa ?? rpcCert ?? rpcKey) ? { ca: read(rpcCa), cert: read(rpcCert), key: read(rpcKey) } : undefined,
  }
}
