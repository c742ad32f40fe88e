/**
 * Throws {@link SchemaError} `no_compiler` when it is loaded with a TypeScript that has no compiler to call.
 *
 * @module
 */
import ts from "typescript"
import { SchemaError } from "./schema-error.ts"

// Since version 7 the package's main export is its version alone.
if (typeof ts.createProgram !== "function") {
  throw new SchemaError(
    "no_compiler",
    `types are read with TypeScript 6, which hono-faasm brings along, but it got version ${ts.version}: an "overrides" ` +
      "entry or the like has replaced it. Your own code may use any version; leave hono-faasm's to it",
  )
}
