import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
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

const GOOGLE_DEPS = `deps:
  # buf dep update
  - buf.build/googleapis/googleapis
`

const BUF_GEN_YAML = `version: v2
plugins:
  # npm install --save-dev @bufbuild/buf @bufbuild/protoc-gen-es
  - local: protoc-gen-es
    out: gen
    opt: [target=ts, import_extension=js]
`

/** What {@link writeSchema} writes beside the schema. */
export interface WriteOptions {
  /** Also an OpenAPI document beside the .proto file, `<app>.openapi.json`. Default false. */
  openapi?: boolean
  /** The schema has been generated with `googleHttp`, whose annotations buf has to find. Default false. */
  googleHttp?: boolean
}

/**
 * Writes a schema into a directory: the .proto file, its lock, the annotations that it imports, and a configuration
 * for buf when there is none. What has not changed is not touched.
 *
 * @returns the files that were written
 */
export function writeSchema(schema: AppSchema, dir: string, options: WriteOptions = {}): string[] {
  const written = outdatedFiles(schema, dir, options)
  const texts = generatedFiles(schema, dir, options)
  for (const [name, text] of [
    ["buf.yaml", options.googleHttp ? BUF_YAML + GOOGLE_DEPS : BUF_YAML],
    ["buf.gen.yaml", BUF_GEN_YAML],
  ] as const) {
    const file = join(dir, name)
    if (existsSync(file)) continue
    texts.set(file, text)
    written.push(file)
  }
  for (const file of written) {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, texts.get(file)!)
  }
  return written
}

/** The files that {@link writeSchema} would change, or that are missing. */
export function outdatedFiles(schema: AppSchema, dir: string, options: WriteOptions = {}): string[] {
  const texts = generatedFiles(schema, dir, options)
  return [...texts].filter(([file, text]) => read(file) !== text).map(([file]) => file)
}

/** Texts by path. */
function generatedFiles(schema: AppSchema, dir: string, options: WriteOptions): Map<string, string> {
  const texts = new Map([
    [join(dir, schema.path), schema.protoText],
    [join(dir, lockPath(schema.path)), printLock(schema.lock)],
    [join(dir, ANNOTATIONS), readFileSync(join(packageRoot, "proto", ANNOTATIONS), "utf8")],
  ])
  if (options.openapi) {
    const file = join(dir, schema.path.replace(/\.proto$/, ".openapi.json"))
    texts.set(file, `${JSON.stringify(openApiDocument(schema), undefined, 2)}\n`)
  }
  return texts
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8")
  } catch {
    return undefined
  }
}
