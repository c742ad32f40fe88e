#!/usr/bin/env node
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Command } from "commander"
import { packageRoot } from "../package-root.ts"
import { benchCommand } from "./bench.ts"
import { buildCommand } from "./build.ts"
import { deployCommand } from "./deploy.ts"
import { devCommand } from "./dev.ts"
import { generateCommand } from "./generate.ts"
import { reportError } from "./report-error.ts"
import { routesCommand } from "./routes.ts"
import { runtimeCommand } from "./runtime.ts"

const { version } = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8"))

const program = new Command("hono-faasm")
  .description("Run the route handlers of a Hono app as WebAssembly functions on Faasm.")
  .version(version)
  .showHelpAfterError("(add --help for what the command takes)")
  .configureHelp({ showGlobalOptions: true })
  .addCommand(generateCommand())
  .addCommand(buildCommand())
  .addCommand(deployCommand())
  .addCommand(devCommand())
  .addCommand(runtimeCommand())
  .addCommand(routesCommand())
  .addCommand(benchCommand())

try {
  await program.parseAsync()
} catch (error) {
  reportError(error)
  process.exitCode = 1
}
