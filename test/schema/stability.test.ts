import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, expect, test } from "vitest"
import { type AppSchema, generateSchema, type Lock, writeSchema } from "../../src/schema/index.ts"
import { edit, type ObjectNode, randomObject, seeded, sourceOf } from "./random-types.ts"

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
  for (let step = 0; step <= STEPS; step++) {
    if (step > 0) for (const type of types) edit(type, random)
    const published = join(dir, "proto")
    writeFileSync(join(dir, "app.ts"), appOf(types))
    const schema = generateSchema({ appFile: join(dir, "app.ts"), appName: "edits", dir: published })
    writeSchema(schema, published)
    buf("build", published, "-o", join(dir, `step${step}.binpb`))
    if (before) {
      expect(
        buf("breaking", join(dir, `step${step}.binpb`), "--against", join(dir, `step${step - 1}.binpb`)),
      ).toBe("")
      expect(renumbered(before.lock, schema.lock)).toEqual([])
    }
    before = schema
  }
}, 240_000)

function appOf(types: readonly ObjectNode[]): string {
  const routes = types.map(
    (type, i) =>
      `declare const value${i}: ${sourceOf(type)}\napp.get("/route${i}", (c) => c.json(value${i}))`,
  )
  return `import { Hono } from "hono"\nconst app = new Hono()\n${routes.join("\n")}\nexport default app\n`
}

/** Fields that have the type that they had, and another number. */
function renumbered(before: Lock, after: Lock): string[] {
  return Object.entries(before.messages).flatMap(([message, { fields }]) =>
    Object.entries(fields).flatMap(([property, { number, type }]) => {
      const now = after.messages[message]?.fields[property]
      return now && now.type === type && now.number !== number ? [`${message}.${property}`] : []
    }),
  )
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
