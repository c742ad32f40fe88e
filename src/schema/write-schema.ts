import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { packageRoot } from "../package-root.ts"
import { type AppSchema, lockPath } from "./generate.ts"
import { printLock } from "./lock.ts"
import { openApiDocument } from "./openapi.ts"

const ANNOTATIONS = "hono_faasm/v1/annotations.proto"

const BUF_YAML = `version: v2
lint:
  use: [STANDARD]
breaking:
  use: [WIRE_JSON]
`

const BUF_GEN_YAML = `version: v2
plugins:
  # npm install --save-dev @bufbuild/buf @bufbuild/protoc-gen-es
  - local: protoc-gen-es
    out: gen
    opt: [target=ts, import_extension=js]
`

/**
 * Writes a schema into a directory: the .proto file, its lock, the annotations that it imports, and a configuration
 * for buf when there is none. What has not changed is not touched.
 *
 * @param options.openapi - also an OpenAPI document beside the .proto file, `<app>.openapi.json`. Default false.
 * @returns the files that were written
 */
export function writeSchema(schema: AppSchema, dir: string, options: { openapi?: boolean } = {}): string[] {
  const annotations = readFileSync(join(packageRoot, "proto", ANNOTATIONS), "utf8")
  const changed = [
    ...writeChanged(join(dir, schema.path), schema.protoText),
    ...writeChanged(join(dir, lockPath(schema.path)), printLock(schema.lock)),
    ...writeChanged(join(dir, ANNOTATIONS), annotations),
  ]
  if (options.openapi) {
    const file = join(dir, schema.path.replace(/\.proto$/, ".openapi.json"))
    changed.push(...writeChanged(file, `${JSON.stringify(openApiDocument(schema), undefined, 2)}\n`))
  }
  for (const [name, text] of [
    ["buf.yaml", BUF_YAML],
    ["buf.gen.yaml", BUF_GEN_YAML],
  ] as const) {
    if (read(join(dir, name)) === undefined) changed.push(...writeChanged(join(dir, name), text))
  }
  return changed
}

function writeChanged(file: string, text: string): string[] {
  if (read(file) === text) return []
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
  return [file]
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8")
  } catch {
    return undefined
  }
}
