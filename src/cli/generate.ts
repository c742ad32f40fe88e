import { relative, resolve } from "node:path"
import { Command, Option } from "commander"
import type { AppSchema } from "../schema/index.ts"
import { printDiagnostics } from "./diagnostics.ts"
import { reportError } from "./report-error.ts"
import { watchSources } from "./watch-sources.ts"

interface GenerateFlags {
  out: string
  name?: string
  openapi?: boolean
  googleHttp?: boolean
  check?: boolean
  json?: boolean
  strict?: boolean
  watch?: boolean
}

/** `hono-faasm generate`: handler types to a protobuf service. */
export function generateCommand(): Command {
  return new Command("generate")
    .description("Write the app's protobuf service, from its handlers' types.")
    .argument("<app>", "the module whose default export is the Hono app, such as src/app.ts")
    .option("-o, --out <dir>", "where to write; the lock file is kept here too", "proto")
    .option(
      "--name <name>",
      "name of the app and its protobuf package; the default is from package.json or the folder",
    )
    .option("--openapi", "also write an OpenAPI 3.1 document of the routes")
    .option("--google-http", "also write HTTP bindings as google.api.http options, for transcoders")
    .option("--check", "write nothing, and end with code 1 when something would change (for CI)")
    .option("--strict", "take every warning as an error, and write nothing then")
    .option("--json", "print what became of the app as JSON, for tools")
    .addOption(
      new Option("--watch", "generate again whenever a source changes, until Ctrl-C").conflicts([
        "check",
        "json",
      ]),
    )
    .action(async (appFile: string, flags: GenerateFlags) => {
      if (flags.watch) return watch(appFile, flags)
      const { ok } = await generate(appFile, flags)
      if (!ok) process.exitCode = 1
    })
}

async function generate(appFile: string, flags: GenerateFlags): Promise<{ ok: boolean; schema: AppSchema }> {
  // Loaded when needed: it brings the TypeScript compiler.
  const { generateSchema, outdatedFiles, writeSchema } = await import("../schema/index.ts")
  const out = resolve(flags.out)
  const { name: appName, googleHttp } = flags
  const schema = generateSchema({ appFile: resolve(appFile), appName, dir: out, googleHttp })
  const { bodies, changes, diagnostics, routes } = schema
  const refused = flags.strict === true && diagnostics.length > 0
  if (!flags.json) printDiagnostics(diagnostics, flags.strict ? "error" : "warning")
  const files = (refused || flags.check ? outdatedFiles : writeSchema)(schema, out, flags).map((file) =>
    relative(process.cwd(), file),
  )
  if (flags.json) {
    const counts = { routes: routes.length, typedBodies: bodies.typed, jsonBodies: bodies.json }
    console.log(JSON.stringify({ ...counts, diagnostics, changes, files }, undefined, 2))
  } else if (refused) {
    console.error(`${diagnostics.length} errors: nothing was written`)
  } else if (files.length === 0) {
    console.error(`${routes.length} routes: nothing has changed`)
  } else if (flags.check) {
    for (const change of changes) console.error(change)
    for (const file of files) console.error(`not up to date: ${file}`)
    console.error("generate the schema again, and commit it")
  } else {
    for (const file of files) console.log(file)
  }
  return { ok: !refused && !(flags.check && files.length > 0), schema }
}

async function watch(appFile: string, flags: GenerateFlags): Promise<void> {
  const entry = resolve(appFile)
  let sources: readonly string[] = [entry]
  const run = async () => {
    try {
      const { schema } = await generate(appFile, flags)
      sources = schema.sources
    } catch (error) {
      // It will be mended, or was not saved as a whole yet.
      reportError(error)
    }
    return sources
  }
  await watchSources(entry, run, () => console.error("waiting for changes (Ctrl-C ends)"))
}
