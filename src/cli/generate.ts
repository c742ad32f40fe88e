import { relative, resolve } from "node:path"
import { Command } from "commander"
import { printDiagnostics } from "./diagnostics.ts"

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
    .action(async (appFile: string, options: { out: string; name?: string; openapi?: boolean }) => {
      // Loaded when needed: it brings the TypeScript compiler.
      const { generateSchema, writeSchema } = await import("../schema/index.ts")
      const out = resolve(options.out)
      const schema = generateSchema({ appFile: resolve(appFile), appName: options.name, dir: out })
      printDiagnostics(schema.diagnostics)
      const changed = writeSchema(schema, out, { openapi: options.openapi })
      if (changed.length === 0) console.error(`${schema.routes.length} routes: nothing has changed`)
      for (const file of changed) console.log(relative(process.cwd(), file))
    })
}
