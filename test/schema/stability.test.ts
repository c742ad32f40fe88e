import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, expect, test } from "vitest"
import { type AppSchema, generateSchema, type Lock, writeSchema } from "../../src/schema/index.ts"
import {
  edit,
  isWider,
  type ObjectNode,
  type Random,
  randomObject,
  seeded,
  sourceOf,
} from "./random-types.ts"

const SEQUENCES = 300
const STEPS = 5

const root = join(import.meta.dirname, "../..")
// Within the project, so that the app finds Hono.
mkdirSync(join(root, "node_modules/.cache"), { recursive: true })
const dir = mkdtempSync(join(root, "node_modules/.cache/stability-"))

afterAll(() => rmSync(dir, { recursive: true, force: true }))

// Each sequence edits a route's type of its own, in one app, so that the compiler runs once per step.
test(`${SEQUENCES} sequences of random edits never break a client`, () => {
  writeFileSync(join(dir, "tsconfig.json"), '{ "compilerOptions": { "strict": true, "types": [] } }')
  const random = seeded(20_261_123)
  const types = Array.from({ length: SEQUENCES }, () => randomObject(random))
  let before: AppSchema | undefined
  let typesBefore: ObjectNode[] = []
  let kept = 0
  for (let step = 0; step <= STEPS; step++) {
    if (step > 0) for (const type of types) edit(type, random)
    const published = join(dir, "proto")
    writeFileSync(join(dir, "app.ts"), appOf(types, random))
    const schema = generateSchema({ appFile: join(dir, "app.ts"), appName: "edits", dir: published })
    writeSchema(schema, published)
    buf("build", published, "-o", join(dir, `step${step}.binpb`))
    if (before) {
      expect(
        buf("breaking", join(dir, `step${step}.binpb`), "--against", join(dir, `step${step - 1}.binpb`)),
      ).toBe("")
      const { same, other } = compared(typesBefore, before.lock, types, schema.lock)
      expect(other).toEqual([])
      kept += same
    }
    before = schema
    typesBefore = structuredClone(types)
  }
  expect(kept).toBeGreaterThan(SEQUENCES * STEPS)
}, 240_000)

test("that buf would tell", () => {
  const proto = (fields: string) => `syntax = "proto3";\npackage a.v1;\nmessage A {\n${fields}\n}\n`
  const published = join(dir, "told")
  mkdirSync(published)
  writeFileSync(join(published, "buf.yaml"), "version: v2\nbreaking:\n  use: [WIRE_JSON]\n")
  writeFileSync(join(published, "a.proto"), proto("string a = 1;\nstring b = 2;"))
  buf("build", published, "-o", join(dir, "told.binpb"))
  writeFileSync(join(published, "a.proto"), proto("string b = 1;\nstring a = 2;"))
  expect(buf("breaking", published, "--against", join(dir, "told.binpb"))).toMatch(/Field "1"/)
})

/** The routes are in another order each time, since what they say of each other must not matter. */
function appOf(types: readonly ObjectNode[], random: Random): string {
  const routes = types
    .map((type, i) => ({
      order: random(),
      text: `declare const value${i}: ${sourceOf(type)}\napp.get("/route${i}", (c) => c.json(value${i}))`,
    }))
    .sort((a, b) => a.order - b.order)
    .map(({ text }) => text)
  return `import { Hono } from "hono"\nconst app = new Hono()\n${routes.join("\n")}\nexport default app\n`
}

/** Properties whose type is written as before, or has only got more members: how many kept their number, and which not. */
function compared(typesBefore: ObjectNode[], before: Lock, types: ObjectNode[], after: Lock) {
  const other: string[] = []
  let same = 0
  for (const [i, { properties }] of typesBefore.entries()) {
    const message = `GetRoute${i}Ok`
    const [was, is] = [before, after].map((lock) => lock.messages[message]?.fields ?? {})
    for (const { name, type } of properties) {
      const now = types[i]!.properties.find((property) => property.name === name)
      if (!now || !isWider(now.type, type) || !was![name]) continue
      if (is![name]?.number === was![name]!.number) same += 1
      else other.push(`${message}.${name}: ${sourceOf(type)} is ${sourceOf(now.type)}`)
    }
  }
  return { same, other }
}

/** What buf says; empty when it is content. */
function buf(...args: string[]): string {
  try {
    return execFileSync(join(root, "node_modules/.bin/buf"), args, {
      cwd: join(dir, "proto"),
      encoding: "utf8",
    })
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string }
    return `${stdout}${stderr}`
  }
}
