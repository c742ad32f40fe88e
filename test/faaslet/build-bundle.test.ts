import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { bundleApp } from "../../src/faaslet/bundle.ts"
import { packageRoot } from "../../src/package-root.ts"
import { evaluate } from "../guest/load-guest.ts"

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "hono-faasm-bundle-"))
})
afterAll(() => rmSync(dir, { recursive: true }))

/** Writes an app's files; it finds this project's packages. */
function project(name: string, files: Record<string, string>): string {
  for (const [path, text] of Object.entries({ "package.json": "{}", ...files })) {
    const file = join(dir, name, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
  symlinkSync(join(packageRoot, "node_modules"), join(dir, name, "node_modules"))
  return join(dir, name, "app.ts")
}

const app = (imports: string, handler: string) => `
import { Hono } from "hono"
${imports}
const app = new Hono()
app.get("/", (c) => ${handler})
export default app
`

describe("bundleApp", () => {
  it("takes own modules, tsconfig paths, JSON and packages along", async () => {
    const file = project("paths", {
      "app.ts": app(
        `import { a } from "@lib/a"\nimport data from "./data.json"\nimport * as z from "zod"`,
        "c.json([a, data, z.string().parse('x')])",
      ),
      "lib/a.ts": "export enum Kind { A = 7 }\nexport const a: number = Kind.A",
      "data.json": '{ "d": 1 }',
      "tsconfig.json": '{ "compilerOptions": { "paths": { "@lib/*": ["./lib/*"] } } }',
    })
    const { code, inputs } = await bundleApp({ appFile: file })
    const { guest } = evaluate(code)
    expect((await guest.invoke({ route: 0, method: "GET", input: {} })).body).toEqual([7, { d: 1 }, "x"])
    expect(inputs).toContain(join(dir, "paths", "lib", "a.ts"))
  })

  it("gives the same text wherever the project lies", async () => {
    const files = {
      "app.ts": app(
        `import { hostname } from "node:os"\nimport { a } from "./a.ts"`,
        "c.json([a, hostname()])",
      ),
      "a.ts": "export const a = 1",
    }
    const [one, other] = await Promise.all(
      ["one", "elsewhere/other"].map((name) => bundleApp({ appFile: project(name, files) })),
    )
    expect(one!.code).not.toContain(dir)
    expect(other!.code).toBe(one!.code)
    expect((await bundleApp({ appFile: join(dir, "one", "app.ts") })).code).toBe(one!.code)
  })

  it("leaves out what an app does not use of zod", async () => {
    const file = project("zod", { "app.ts": app(`import { z } from "zod"`, "c.json(z.number().parse(1))") })
    const { code } = await bundleApp({ appFile: file })
    expect(code.length).toBeLessThan(400_000)
    expect((await evaluate(code).guest.invoke({ route: 0, method: "GET", input: {} })).body).toBe(1)
  })

  it.each([
    ["a syntax error", "const = 1", /^app\.ts:3: /],
    ["an import that leads nowhere", 'import "./nowhere.ts"', /app\.ts:3: .*nowhere/],
    ["a package that is not there", 'import "no-such-package-x"', /no-such-package-x/],
    ["top-level await", "await null", /await at the top of a module can't be in a function/],
  ])("refuses %s, naming the place", async (name, line, message) => {
    const file = project(`bad ${name}`, { "app.ts": app(line, "c.text('')") })
    await expect(bundleApp({ appFile: file })).rejects.toMatchObject({
      code: "bundle_failed",
      message: expect.stringMatching(message),
    })
  })

  it("refuses a module without a default export", async () => {
    const file = project("no default", { "app.ts": app("", "c.text('')").replace("export default app", "") })
    await expect(bundleApp({ appFile: file })).rejects.toMatchObject({
      message: "app.ts: there is no default export; export the Hono app",
    })
  })

  it("refuses a file that is not there", async () => {
    await expect(bundleApp({ appFile: join(dir, "none.ts") })).rejects.toMatchObject({
      code: "app_not_found",
    })
  })
})
