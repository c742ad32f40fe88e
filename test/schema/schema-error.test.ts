import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { generateSchema, SchemaError } from "../../src/schema/index.ts"

let dir: string

// The type of Hono is not needed to find out what these lack.
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "hono-faasm-errors-"))
})

afterEach(() => rmSync(dir, { recursive: true, force: true }))

const TSCONFIG = '{ "compilerOptions": { "strict": true, "types": [], "lib": ["ES2023"] } }'

function failure(files: Record<string, string>, appFile = "app.ts"): SchemaError {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(dir, name, ".."), { recursive: true })
    writeFileSync(join(dir, name), text)
  }
  try {
    generateSchema({ appFile: join(dir, appFile), dir })
  } catch (error) {
    expect(error).toBeInstanceOf(SchemaError)
    return error as SchemaError
  }
  throw new Error("there is a schema")
}

test("there is no such file", () => {
  const error = failure({ "tsconfig.json": TSCONFIG }, "missing.ts")
  expect(error).toMatchObject({
    code: "no_file",
    message: expect.stringContaining("missing.ts: no such file"),
  })
})

test("there is no tsconfig.json", () => {
  const error = failure({ "app.ts": "export default 1" })
  expect(error).toMatchObject({ code: "no_tsconfig", message: expect.stringContaining("no tsconfig.json") })
})

test("tsconfig.json is not JSON", () => {
  expect(failure({ "app.ts": "export default 1", "tsconfig.json": "{ nonsense" }).code).toBe("no_tsconfig")
})

test("there is no default export", () => {
  const error = failure({ "tsconfig.json": TSCONFIG, "app.ts": "export const app = 1" })
  expect(error).toMatchObject({ code: "no_default_export", message: expect.stringContaining("app.ts") })
})

test("a file that exports nothing has no default export", () => {
  expect(failure({ "tsconfig.json": TSCONFIG, "app.ts": "const app = 1\nvoid app" }).code).toBe(
    "no_default_export",
  )
})

test("the default export is no Hono app", () => {
  const text = "export default { port: 3000, fetch: () => 1 }"
  expect(failure({ "tsconfig.json": TSCONFIG, "app.ts": text })).toMatchObject({
    code: "not_hono",
    message: expect.stringContaining("not a Hono app"),
  })
})

test("a type error, in a file that the app imports", () => {
  const error = failure({
    "tsconfig.json": TSCONFIG,
    "app.ts": 'import { a } from "./lib/a"\nexport default a',
    "lib/a.ts": "\nexport const a: string = 1\n",
  })
  expect(error).toMatchObject({
    code: "type_error",
    message: expect.stringMatching(/^lib\/a\.ts:2:14: .*not assignable/),
  })
})

test("a syntax error", () => {
  expect(failure({ "tsconfig.json": TSCONFIG, "app.ts": "export default (" })).toMatchObject({
    code: "type_error",
    message: expect.stringContaining("app.ts:1:17: "),
  })
})

test("an import that can't be resolved, whose types would all be any", () => {
  const error = failure({
    "tsconfig.json": TSCONFIG,
    "app.ts": 'import app from "no-such-package"\nexport default app',
  })
  expect(error).toMatchObject({
    code: "type_error",
    message: expect.stringMatching(/^app\.ts:1:17: .*no-such-package/),
  })
})

test("a TypeScript without a compiler in our own one's place", async () => {
  vi.resetModules()
  vi.doMock("typescript", () => ({ default: { version: "7.0.2" } }))
  try {
    const loading = import("../../src/schema/index.ts")
    await expect(loading).rejects.toMatchObject({
      code: "no_compiler",
      message: expect.stringMatching(/7\.0\.2.*overrides/s),
    })
  } finally {
    vi.doUnmock("typescript")
    vi.resetModules()
  }
})
