import { execFileSync } from "node:child_process"
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import { createFileRegistry, createRegistry, fromBinary, toJson } from "@bufbuild/protobuf"
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt"
import { Validator } from "@seriousme/openapi-schema-validator"
import type { Hono } from "hono"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { file_hono_faasm_v1_annotations } from "../../src/gen/hono_faasm/v1/annotations_pb.ts"
import { lockPath } from "../../src/schema/generate.ts"
import { type AppSchema, generateSchema, openApiDocument, writeSchema } from "../../src/schema/index.ts"
import { RoundTrip } from "./round-trip.ts"

const root = join(import.meta.dirname, "../..")
const fixtures = join(import.meta.dirname, "fixtures")
const cases = readdirSync(fixtures)
const schemas = new Map<string, AppSchema>()
let dir: string
let roundTrip: RoundTrip

beforeAll(async () => {
  // Within the project, so that the generated client finds its packages.
  mkdirSync(join(root, "node_modules/.cache"), { recursive: true })
  dir = mkdtempSync(join(root, "node_modules/.cache/schema-"))
  for (const name of cases) {
    const schema = generateSchema({ appFile: join(fixtures, name, "app.ts"), appName: name, dir })
    schemas.set(name, schema)
    writeSchema(schema, dir)
  }
  roundTrip = await RoundTrip.of([...schemas.values()])
}, 240_000)

afterAll(() => rmSync(dir, { recursive: true, force: true }))

describe.each(cases)("the app %s", (name) => {
  test("has the expected schema, lock and warnings", async () => {
    const { protoText, path, diagnostics } = schemas.get(name)!
    await expect(protoText).toMatchFileSnapshot(join(fixtures, name, "expected.proto"))
    const lock = readFileSync(join(dir, lockPath(path)), "utf8")
    await expect(lock).toMatchFileSnapshot(join(fixtures, name, "expected.lock.json"))
    const lines = diagnostics.map(({ code, message }) => `${code} ${message}\n`).join("")
    await expect(lines).toMatchFileSnapshot(join(fixtures, name, "expected.diagnostics.txt"))
  })

  test("has a valid OpenAPI document", async () => {
    const result = await new Validator().validate(openApiDocument(schemas.get(name)!) as never)
    expect(result.errors ?? []).toEqual([])
    expect(result.valid).toBe(true)
  })

  test("has the running app's routes", async () => {
    // These only declare what they return.
    if (name === "unmapped" || name === "types") return
    const app: Hono = (await import(join(fixtures, name, "app.ts"))).default
    for (const { method, path, occurrence } of schemas.get(name)!.routes) {
      const rows = app.routes.filter((row) => row.method === method && row.path === path)
      expect(rows.length, `${method} ${path}`).toBeGreaterThan(occurrence)
    }
    const known = new Set(schemas.get(name)!.routes.map(({ method, path }) => `${method} ${path}`))
    for (const { method, path } of app.routes) {
      // A document of the app is no route of the service.
      if (method !== "ALL" && path !== "/doc") expect(known).toContain(`${method} ${path}`)
    }
  })
})

describe.each(cases)("random values of the types of %s", (name) => {
  test("come back from messages as they were", () => {
    const schema = schemas.get(name)!
    const bodies = schema.routes.map(
      (route) => roundTrip.responses(schema, route) + roundTrip.requests(schema, route),
    )
    expect(Math.max(...bodies)).toBeGreaterThan(0)
  })
})

test("buf reads from the text what the descriptor says", () => {
  expect(run("build", "-o", "image.binpb")).toBe("")
  const built = fromBinary(FileDescriptorSetSchema, readFileSync(join(dir, "image.binpb")))
  for (const { file, fileSet, routes } of schemas.values()) {
    const other = built.file.find(({ name }) => name === file.name)!
    expect(normal(other)).toEqual(normal(file))
    const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, fileSet))
    for (const { request, response } of routes) {
      expect(registry.getMessage(request)).toBeDefined()
      expect(registry.getMessage(response)).toBeDefined()
    }
  }
})

/** What can be compared: buf adds an extension of its own, and source positions. */
function normal(file: FileDescriptorProto): unknown {
  const registry = createRegistry(file_hono_faasm_v1_annotations)
  return toJson(FileDescriptorProtoSchema, { ...file, sourceCodeInfo: undefined }, { registry })
}

test("buf finds nothing to complain about", () => {
  expect(run("lint")).toBe("")
})

test("the text is formatted", () => {
  expect(run("format", "-d")).toBe("")
})

test("a TypeScript client can be generated, and type-checks", () => {
  run("generate")
  symlinkSync(join(root, "node_modules"), join(dir, "node_modules"))
  writeFileSync(
    join(dir, "client.ts"),
    `import { createClient, createRouterTransport } from "@connectrpc/connect"
import { InputsService } from "./gen/inputs/v1/inputs_pb.js"
const client = createClient(InputsService, createRouterTransport(() => {}))
export const placed = client.postOrdersByShopByDesk({ param: { shop: "a" }, json: { lines: [{ sku: "b", quantity: 1 }] } })
`,
  )
  const options = {
    strict: true,
    module: "NodeNext",
    target: "ES2023",
    skipLibCheck: true,
    noEmit: true,
    types: [],
  }
  writeFileSync(
    join(dir, "tsconfig.json"),
    JSON.stringify({ compilerOptions: options, include: ["**/*.ts"] }),
  )
  writeFileSync(join(dir, "package.json"), '{ "type": "module" }')
  expect(tool("tsc", "-p", ".")).toBe("")
})

test("the documentation has every fixture and every warning", () => {
  const text = readFileSync(join(root, "docs/types.md"), "utf8")
  const codes = [...schemas.values()].flatMap(({ diagnostics }) => diagnostics.map(({ code }) => code))
  for (const name of [...cases, ...codes]) expect(text).toContain(`\`${name}\``)
  const named = [...text.matchAll(/\| ([^|]*) \|$/gm)].flatMap(([, last]) => [
    ...last!.matchAll(/^`([a-z-]+)`/g),
  ])
  for (const [, name] of named) expect(cases).toContain(name)
})

test("nothing is written when nothing has changed", () => {
  const again = generateSchema({ appFile: join(fixtures, "types/app.ts"), appName: "types", dir })
  expect(again.hash).toBe(schemas.get("types")!.hash)
  expect(writeSchema(again, dir)).toEqual([])
})

test("another app of the same name is refused", () => {
  const other = join(fixtures, "streams/app.ts")
  expect(() => generateSchema({ appFile: other, appName: "types", dir })).toThrow(
    expect.objectContaining({
      code: "name_taken",
      message: expect.stringMatching(
        /streams\/app\.ts and .*types\/app\.ts would both be the app types: .*--name/,
      ),
    }),
  )
})

function tool(name: string, ...args: string[]): string {
  try {
    const bin = join(root, "node_modules/.bin")
    const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` }
    return execFileSync(join(bin, name), args, { cwd: dir, env, encoding: "utf8" })
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string }
    return `${name} ${args.join(" ")} failed: ${stdout}${stderr}`
  }
}

function run(...args: string[]): string {
  return tool("buf", ...args)
}
