import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, expect, test } from "vitest"
import { generateSchema } from "../../src/schema/index.ts"

const cache = join(import.meta.dirname, "../../node_modules/.cache")
// Within the project, so that the app finds Hono.
mkdirSync(cache, { recursive: true })
const dir = mkdtempSync(join(cache, "declarations-"))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

test("a declaration file that has changed is read again, and one that has not says the same", () => {
  writeFileSync(join(dir, "tsconfig.json"), '{ "compilerOptions": { "strict": true, "types": [] } }')
  const appFile = join(dir, "app.ts")
  writeFileSync(
    appFile,
    `import { Hono } from "hono"
import type { Shape } from "./shape"
declare const shape: Shape
export default new Hono().get("/", (c) => c.json(shape))
`,
  )
  const fields = (type: string) => {
    writeFileSync(join(dir, "shape.d.ts"), `export interface Shape ${type}\n`)
    const { protoText } = generateSchema({ appFile, appName: "shapes", dir })
    return [...protoText.matchAll(/(double|string) (\w+) = \d/g)].map(([, kind, name]) => `${kind} ${name}`)
  }
  expect(fields("{ one: string }")).toEqual(["string one"])
  expect(fields("{ one: string; two: number }")).toEqual(["string one", "double two"])
  expect(fields("{ one: string; two: number }")).toEqual(["string one", "double two"])
})
