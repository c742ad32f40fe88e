import { Command, Option } from "commander"
import type { Manifest } from "../manifest.ts"
import { collect, DEFAULT_BUILD_DIR, parseOverrides } from "./options.ts"
import { printProgress } from "./progress.ts"
import { routeTable } from "./route-table.ts"

/** The options of a build as the command line has them. */
export interface BuildFlags {
  out: string
  name?: string
  user: string
  split: "app" | "route"
  optimise: "dev" | "upload"
  local?: string[]
  offload?: string[]
}

/** `hono-faasm build`: the app's handlers to wasm functions. */
export function buildCommand(): Command {
  return withBuildFlags(new Command("build"), "upload")
    .description("Pack the app's handlers into WebAssembly functions, state initialised, ready to upload.")
    .argument("<app>", "the module whose default export is the Hono app, such as src/app.ts")
    .action(async (appFile: string, flags: BuildFlags) => {
      const manifest = await runBuild(appFile, flags)
      console.log(routeTable(manifest))
      for (const fn of manifest.functions) {
        console.log(`\n${manifest.user}/${fn.name}  ${(fn.bytes / 1024).toFixed(0)} KiB  sha256 ${fn.sha256}`)
      }
    })
}

/** Adds the options that every command which builds takes. */
export function withBuildFlags(command: Command, optimise: "dev" | "upload"): Command {
  return command
    .option("-o, --out <dir>", "build directory", DEFAULT_BUILD_DIR)
    .option("--name <name>", "name of the app; the default is from package.json or the folder")
    .option("--user <user>", "Faasm user that owns the functions", "hono")
    .addOption(
      new Option("--split <how>", "one function for the app, or one per route")
        .choices(["app", "route"])
        .default("app"),
    )
    .addOption(
      new Option("--optimise <how>", "dev builds faster, upload runs faster")
        .choices(["dev", "upload"])
        .default(optimise),
    )
    .option("--local <route>", 'keep a route in the gateway, such as "GET /health" (repeatable)', collect)
    .option("--offload <route>", "offload a route that the build would keep local (repeatable)", collect)
}

/** Builds with the given flags, showing progress. */
export async function runBuild(appFile: string, flags: BuildFlags): Promise<Manifest> {
  // Loaded when needed: it brings compilers.
  const { buildApp } = await import("../faaslet/index.ts")
  return buildApp({
    appFile,
    outDir: flags.out,
    appName: flags.name,
    user: flags.user,
    split: flags.split,
    optimise: flags.optimise,
    overrides: parseOverrides(flags.local, flags.offload),
    onProgress: printProgress,
  })
}
