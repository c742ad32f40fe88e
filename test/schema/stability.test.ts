import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
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
/** Names that several types have, in a module each. */
const SHARED_NAMES = 10

const root = join(import.meta.dirname, "../..")
const dir = mkdtempSync(join(tmpdir(), "hono-faasm-stability-"))
// So that the app finds Hono.
symlinkSync(join(root, "node_modules"), join(dir, "node_modules"))

afterAll(() => rmSync(dir, { recursive: true, force: true }))

// Each sequence edits a route's type of its own, in one app, so that the compiler runs once per step.
test(`${SEQUENCES} sequences of random edits never break a client`, () => {
  writeFileSync(join(dir, "tsconfig.json"), '{ "compilerOptions": { "strict": true, "types": [] } }')
  const random = seeded(20_261_123)
  const types = Array.from({ length: SEQUENCES }, () => randomObject(random))
  const named = Array.from({ length: SHARED_NAMES }, (_, i) => namedType(`Shared${i}`, random))
  let before: AppSchema | undefined
  let typesBefore: ObjectNode[] = []
  let namedBefore: NamedType[] = []
  let kept = 0
  let keptOfNamed = 0
  for (let step = 0; step <= STEPS; step++) {
    if (step > 0) {
      for (const type of types) edit(type, random)
      for (const { type } of named) edit(type, random)
      editNames(named, random)
    }
    const published = join(dir, "proto")
    for (const { name, module, type, isLocal } of named) {
      if (!isLocal) writeFileSync(join(dir, `${module}.ts`), `export interface ${name} ${sourceOf(type)}\n`)
    }
    writeFileSync(join(dir, "app.ts"), appOf(types, named, random))
    const schema = generateSchema({ appFile: join(dir, "app.ts"), appName: "edits", dir: published })
    writeSchema(schema, published)
    buf("build", published, "-o", join(dir, `step${step}.binpb`))
    if (before) {
      expect(
        buf("breaking", join(dir, `step${step}.binpb`), "--against", join(dir, `step${step - 1}.binpb`)),
      ).toBe("")
      const { same, other } = compared(
        typesBefore.map((type, i) => ({ type, now: types[i]!, message: `GetRoute${i}Ok` })),
        before.lock,
        schema.lock,
      )
      expect(other).toEqual([])
      kept += same
      const messages = namedBefore.map(({ type, module }, i) => {
        const { fields } = before!.lock.messages[`GetNamed${i}Response`]!
        return { type, now: named[i]!.type, message: fields.ok!.type!, module }
      })
      for (const [i, { message, module }] of messages.entries()) {
        // A file that has been moved is gone.
        if (module !== named[i]!.module) rmSync(join(dir, `${module}.ts`), { force: true })
        // What has no properties of its own is a map, which has no name.
        if (isMap(namedBefore[i]!.type) || isMap(named[i]!.type)) continue
        expect(schema.lock.messages[`GetNamed${i}Response`]!.fields.ok).toMatchObject({ type: message })
      }
      const ofNamed = compared(messages, before.lock, schema.lock)
      expect(ofNamed.other).toEqual([])
      keptOfNamed += ofNamed.same
    }
    before = schema
    typesBefore = structuredClone(types)
    namedBefore = structuredClone(named)
  }
  expect(kept).toBeGreaterThan(SEQUENCES * STEPS)
  expect(named.length).toBeGreaterThan(2 * SHARED_NAMES)
  expect(keptOfNamed).toBeGreaterThan(named.length)
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

/** An interface in a module of its own. */
interface NamedType {
  name: string
  module: string
  /** It is in a function of that name, in the app's own module. */
  isLocal: boolean
  type: ObjectNode
}

function isMap({ properties, others }: ObjectNode): boolean {
  return properties.length === 0 && others !== undefined
}

let modules = 0

function namedType(name: string, random: Random): NamedType {
  return { name, module: newModule(random), isLocal: random() < 0.4, type: randomObject(random) }
}

/** Where it comes in the alphabet must not matter. */
function newModule(random: Random): string {
  return `${"abcdefgh"[Math.floor(random() * 8)]}${modules++}`
}

/** Gives some names to further types, and moves types of others to another file. */
function editNames(named: NamedType[], random: Random): void {
  for (let i = 0; i < SHARED_NAMES; i++) {
    const same = named.filter(({ name }) => name === `Shared${i}`)
    const change = random()
    if (change < 0.4) named.push(namedType(`Shared${i}`, random))
    else if (change < 0.7) same[Math.floor(random() * same.length)]!.module = newModule(random)
  }
}

/** The routes are in another order each time, since what they say of each other must not matter. */
function appOf(types: readonly ObjectNode[], named: readonly NamedType[], random: Random): string {
  const routes = [
    ...types.map(
      (type, i) =>
        `declare const value${i}: ${sourceOf(type)}\napp.get("/route${i}", (c) => c.json(value${i}))`,
    ),
    ...named.map(({ name, module, isLocal, type }, i) =>
      isLocal
        ? `function ${module}(app: Hono) {\ninterface ${name} ${sourceOf(type)}\n` +
          `const value = undefined as unknown as ${name}\napp.get("/named${i}", (c) => c.json(value))\n}\n${module}(app)`
        : `import type { ${name} as Named${i} } from "./${module}"\n` +
          `declare const named${i}: Named${i}\napp.get("/named${i}", (c) => c.json(named${i}))`,
    ),
  ]
    .map((text) => ({ order: random(), text }))
    .sort((a, b) => a.order - b.order)
    .map(({ text }) => text)
  return `import { Hono } from "hono"\nconst app = new Hono()\n${routes.join("\n")}\nexport default app\n`
}

/** Properties whose type is written as before, or has only got more members: how many kept their number, and which not. */
function compared(
  types: readonly { type: ObjectNode; now: ObjectNode; message: string }[],
  before: Lock,
  after: Lock,
) {
  const other: string[] = []
  let same = 0
  for (const { type: typeBefore, now: typeNow, message } of types) {
    const [was, is] = [before, after].map((lock) => lock.messages[message]?.fields ?? {})
    for (const { name, type } of typeBefore.properties) {
      const now = typeNow.properties.find((property) => property.name === name)
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
