import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type BuildOptions, buildApp } from "../../src/faaslet/build.ts"
import type { Manifest } from "../../src/manifest.ts"
import { packageRoot } from "../../src/package-root.ts"

const source = `
import { readFileSync } from "node:fs"
import { Hono } from "hono"
import { validator } from "hono/validator"

let hits = 0
const app = new Hono()
app.use(async (c, next) => {
  await next()
})
app.get("/hello/:name", (c) => c.json({ hello: c.req.param("name") }))
app.post(
  "/sum",
  validator("json", (value) => value as { numbers: number[] }),
  (c) => c.json({ sum: c.req.valid("json").numbers.reduce((a, b) => a + b, 0) }),
)
app.get("/file", (c) => c.text(readFileSync("x", "utf8")))
app.get("/hits", (c) => c.json({ hits: ++hits }))
for (const path of ["/loop/a", "/loop/b"] as string[]) app.get(path, (c) => c.text(path))
export default app
`

/** Writes the app's project into a directory; it finds this project's packages. */
function writeProject(at: string): void {
  mkdirSync(at, { recursive: true })
  writeFileSync(join(at, "app.ts"), source)
  writeFileSync(join(at, "package.json"), '{ "name": "@x/tiny", "type": "module" }')
  const compilerOptions = {
    strict: true,
    module: "NodeNext",
    target: "ES2023",
    types: ["node"],
    noEmit: true,
  }
  writeFileSync(join(at, "tsconfig.json"), JSON.stringify({ compilerOptions }))
  symlinkSync(join(packageRoot, "node_modules"), join(at, "node_modules"))
}

let dir: string
let appFile: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "hono-faasm-build-"))
  writeProject(dir)
  appFile = join(dir, "app.ts")
})
afterAll(() => rmSync(dir, { recursive: true }))

const build = (out: string, options: Partial<BuildOptions> = {}) =>
  buildApp({ appFile, outDir: join(dir, out), schemaDir: join(dir, "proto"), ...options })

const route = ({ routes }: Manifest, path: string) => routes.find((candidate) => candidate.path === path)!

describe("buildApp", () => {
  let manifest: Manifest
  beforeAll(async () => {
    manifest = await build("one")
  })

  it("puts all routes that can be offloaded into one function", () => {
    expect(manifest).toMatchObject({ format: 1, app: "tiny", user: "hono", schema: "schema.binpb" })
    expect(manifest.functions).toMatchObject([{ name: "tiny", file: "tiny.wasm", routes: [1, 3] }])
    expect(route(manifest, "/hello/:name")).toMatchObject({
      index: 1,
      method: "GET",
      function: "tiny",
      source: "app.ts:11",
    })
    expect(route(manifest, "/sum")).toMatchObject({ index: 3, validated: ["json"], function: "tiny" })
    expect(JSON.parse(readFileSync(join(dir, "one", "manifest.json"), "utf8"))).toEqual(manifest)
    const wasm = readFileSync(join(dir, "one", "tiny.wasm"))
    expect(WebAssembly.validate(wasm)).toBe(true)
    expect(wasm.length).toBe(manifest.functions[0]!.bytes)
  })

  it("keeps the others local, with the reason", () => {
    expect(route(manifest, "/file")).toMatchObject({
      function: null,
      local: expect.stringContaining("node:fs"),
    })
    expect(route(manifest, "/hits")).toMatchObject({ function: null, local: expect.stringContaining("hits") })
    expect(route(manifest, "/loop/a").local).toContain("can't be found in the source")
    expect(manifest.routes.map(({ index }) => index)).toEqual([1, 3, 4, 5, 6, 7])
  })

  it("does nothing when nothing has changed", async () => {
    const steps: string[] = []
    utimesSync(appFile, new Date(), new Date())
    expect(await build("one", { onProgress: (step) => steps.push(step) })).toEqual(manifest)
    expect(steps).toEqual(["nothing has changed"])
  })

  it("makes the same functions of the same source, wherever it lies", async () => {
    writeProject(join(dir, "else/where"))
    expect((await build("two", { appFile: join(dir, "else/where", "app.ts") })).functions).toEqual(
      manifest.functions,
    )
  })

  it("builds again when the source has changed or an output is damaged", async () => {
    const changed = join(dir, "else/where", "app.ts")
    writeFileSync(changed, source.replace("a + b", "a * b"))
    const { functions } = await build("two", { appFile: changed })
    expect(functions[0]!.sha256).not.toBe(manifest.functions[0]!.sha256)
    writeFileSync(join(dir, "two", "tiny.wasm"), "")
    expect((await build("two", { appFile: changed })).functions).toEqual(functions)
    expect(readFileSync(join(dir, "two", "tiny.wasm")).length).toBe(functions[0]!.bytes)
  })

  it("makes a function per route on request, heeds overrides, and removes functions that are gone", async () => {
    const overrides = { "GET /hello/:name": "local", "GET /hits": "offload" } as const
    const split = await build("two", { split: "route", user: "someone", overrides })
    expect(split.user).toBe("someone")
    expect(split.functions.map(({ name, routes }) => [name, routes])).toEqual([
      ["tiny-post-sum", [3]],
      ["tiny-get-hits", [5]],
    ])
    expect(route(split, "/hello/:name")).toMatchObject({ function: null, local: "kept local by an override" })
    expect(route(split, "/hits")).toMatchObject({ function: "tiny-get-hits" })
    expect(route(split, "/hits").local).toBeUndefined()
    expect(() => readFileSync(join(dir, "two", "tiny.wasm"))).toThrow("ENOENT")
  })

  it("refuses an override of a route that is not there", async () => {
    await expect(build("two", { overrides: { "GET /none": "local" } })).rejects.toMatchObject({
      code: "unknown_route",
    })
  })

  it("says why an app does not load in the guest", async () => {
    const broken = join(dir, "broken.ts")
    writeFileSync(broken, source.replace("let hits = 0", 'let hits = 0\nthrow new Error("no database")'))
    await expect(build("broken", { appFile: broken })).rejects.toMatchObject({
      code: "load_failed",
      message: expect.stringMatching(/no database/),
    })
  })
})
