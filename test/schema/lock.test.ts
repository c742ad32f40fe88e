import { execFileSync } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type FileDescriptorProto, FieldDescriptorProto_Type as Type } from "@bufbuild/protobuf/wkt"
import { afterEach, beforeEach, expect, test } from "vitest"
import { describeService } from "../../src/schema/descriptor.ts"
import { emptyLock, type Lock, printLock, readLock } from "../../src/schema/lock.ts"
import { readOwnLock } from "../../src/schema/lock-owner.ts"
import type { FieldModel, MessageModel, ServiceModel, TypeModel } from "../../src/schema/model.ts"
import { printProto } from "../../src/schema/print-proto.ts"

const root = join(import.meta.dirname, "../..")
let dir: string

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "hono-faasm-lock-"))
})

afterEach(() => rmSync(dir, { recursive: true, force: true }))

type Properties = Record<string, TypeModel | { type: TypeModel; optional?: boolean; nullable?: boolean }>

const string: TypeModel = { kind: "string" }
const double: TypeModel = { kind: "double" }

function service(properties: Properties, extra: MessageModel[] = [], texts?: string[]): ServiceModel {
  const fields = Object.entries(properties).map(([property, given]): FieldModel => {
    const slot = "type" in given ? given : { type: given }
    return { property, optional: false, nullable: false, ...slot }
  })
  return {
    package: "app.v1",
    service: "AppService",
    methods: [],
    messages: [...extra, { name: "Order", shape: "object", fields }],
    enums: texts ? [{ name: "State", texts }] : [],
  }
}

/** Numbers by property, and what is reserved. */
function numbers(file: FileDescriptorProto): Record<string, unknown> {
  const { field, reservedRange, reservedName } = file.messageType.at(-1)!
  return {
    ...Object.fromEntries(field.map(({ jsonName, number }) => [jsonName, number])),
    ...(reservedRange.length > 0 ? { reserved: reservedRange.map(({ start }) => start), reservedName } : {}),
  }
}

const describe = (model: ServiceModel, lock: Lock) => describeService(model, "app/v1/app.proto", lock)

test("fields keep their numbers whatever their order", () => {
  const { file, lock } = describe(service({ a: string, b: double, c: string }), emptyLock())
  expect(numbers(file)).toEqual({ a: 1, b: 2, c: 3 })
  expect(numbers(describe(service({ c: string, d: string, a: string, b: double }), lock).file)).toEqual({
    c: 3,
    d: 4,
    a: 1,
    b: 2,
  })
})

test("a removed field's number and name are reserved, and a new one of its name has others", () => {
  const { lock } = describe(service({ a: string, b: string }), emptyLock())
  const removed = describe(service({ a: string }), lock)
  expect(numbers(removed.file)).toEqual({ a: 1, reserved: [2], reservedName: ["b"] })
  const back = describe(service({ a: string, b: string }), removed.lock)
  expect(numbers(back.file)).toEqual({ a: 1, b: 3, reserved: [2], reservedName: ["b"] })
  expect(back.file.messageType[0]!.field[1]!.name).toBe("b_2")
})

test("a type that breaks the wire gets a new number", () => {
  const { lock } = describe(service({ a: string }), emptyLock())
  expect(numbers(describe(service({ a: { type: string, optional: true } }), lock).file)).toEqual({ a: 1 })
  expect(numbers(describe(service({ a: double }), lock).file)).toEqual({
    a: 2,
    reserved: [1],
    reservedName: ["a"],
  })
})

test("a message that becomes any JSON value gets a new number", () => {
  const any: TypeModel = { kind: "any", name: "Value" }
  const message: MessageModel = { name: "Json", shape: "union", fields: [] }
  const { lock } = describe(service({ a: { kind: "message", message } }, [message]), emptyLock())
  const { file, lock: next } = describe(service({ a: any }), lock)
  expect(numbers(file)).toEqual({ a: 2, reserved: [1], reservedName: ["a"] })
  expect(file.dependency).toEqual(["google/protobuf/struct.proto", "hono_faasm/v1/annotations.proto"])
  expect(numbers(describe(service({ a: any }), next).file)).toEqual(numbers(file))
})

test("the companion of a nullable optional field keeps its number too", () => {
  const both = { type: string, optional: true, nullable: true }
  const { file, lock } = describe(service({ a: both, b: string }), emptyLock())
  expect(numbers(file)).toEqual({ a: 1, aPresence: 3, b: 2 })
  const without = describe(service({ a: string, b: string, c: string }), lock)
  expect(numbers(without.file)).toEqual({ a: 1, b: 2, c: 4, reserved: [3], reservedName: ["a_presence"] })
  expect(numbers(describe(service({ a: both, b: string }), without.lock).file)).toMatchObject({
    a: 1,
    aPresence2: 5,
  })
})

test("a number belongs to the property, not to the name that it shares with another", () => {
  const { lock } = describe(service({ userID: string, user_id: string }), emptyLock())
  const { file } = describe(service({ user_id: string }), lock)
  expect(numbers(file)).toEqual({ user_id: 2, reserved: [1], reservedName: ["user_id"] })
  expect(file.messageType[0]!.field[0]!.name).toBe("user_id_2")
})

test("a number belongs to the literal, not to the name that it shares with another", () => {
  const { lock } = describe(service({}, [], ["on hold", "on-hold", "open"]), emptyLock())
  const [state] = describe(service({}, [], ["new", "on-hold", "open"]), lock).file.enumType
  expect(state!.value.map(({ name, number }) => `${name} ${number}`)).toEqual([
    "STATE_UNSPECIFIED 0",
    "STATE_ON_HOLD_2 2",
    "STATE_OPEN 3",
    "STATE_NEW 4",
  ])
  expect(state!.reservedRange).toMatchObject([{ start: 1, end: 1 }])
})

test("a wrapper of another type is another message", () => {
  const list = (element: TypeModel): [Properties, MessageModel[]] => {
    const value = {
      property: "value",
      type: { kind: "list" as const, element },
      optional: false,
      nullable: false,
    }
    const message: MessageModel = { name: "RowItem", shape: "wrapper", fields: [value] }
    return [{ rows: { kind: "list", element: { kind: "message", message } } }, [message]]
  }
  const { lock } = describe(service(...list(string)), emptyLock())
  const { file } = describe(service(...list(double)), lock)
  expect(file.messageType[0]).toMatchObject({ name: "RowItem2", field: [{ number: 1, type: Type.DOUBLE }] })
  expect(numbers(file)).toEqual({ rows: 2, reserved: [1], reservedName: ["rows"] })
})

test("buf agrees that no step breaks the wire or JSON", () => {
  const steps: ServiceModel[] = [
    service({ a: string, b: double, userID: string, user_id: string }, [], ["on hold", "on-hold"]),
    service(
      { b: double, user_id: string, c: { type: string, optional: true, nullable: true } },
      [],
      ["on-hold"],
    ),
    service({ c: string, a: double, b: double, user_id: string }, [], ["on hold", "on-hold"]),
    service({ c: { type: string, optional: true, nullable: true }, userID: string }, [], ["x"]),
  ]
  let lock = emptyLock()
  cpSync(join(root, "proto/hono_faasm"), join(dir, "hono_faasm"), { recursive: true })
  writeFileSync(join(dir, "buf.yaml"), "version: v2\nbreaking:\n  use: [WIRE_JSON]\n")
  const buf = (...args: string[]) =>
    execFileSync(join(root, "node_modules/.bin/buf"), args, { cwd: dir, encoding: "utf8" })
  steps.forEach((model, step) => {
    const { file, docs, lock: next } = describe(model, lock)
    lock = next
    writeFileSync(join(dir, "app.proto"), printProto(file, docs))
    if (step > 0) buf("breaking", "--against", `step${step - 1}.binpb`)
    buf("build", "-o", `step${step}.binpb`)
  })
})

test("the lock's text is read back as it was, whatever the order of the source", () => {
  const types = { Order: "../src/b.ts#Order", AOrder: "../src/a.ts#Order" }
  const { lock } = describe(service({ b: string, a: double }, [], ["y", "x"]), { ...emptyLock(), types })
  const removed = describe(service({ a: double }, [], ["x"]), lock).lock
  const file = join(dir, "app.lock.json")
  writeFileSync(file, printLock(removed))
  expect(readLock(file)).toEqual(removed)
  expect(printLock(readLock(file))).toBe(printLock(removed))
  expect(printLock(removed)).toContain('  "types": {\n    "AOrder": "../src/a.ts#Order",\n')
  expect(printLock(removed)).toContain('        "a": { "number": 2, "name": "a", "type": "double" }\n')
})

test("what git makes of two branches that each add a field is refused", () => {
  const git = (...args: string[]) => {
    const author = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    try {
      return execFileSync("git", [...author, ...args], { cwd: dir, encoding: "utf8", stdio: "pipe" })
    } catch (error) {
      return (error as { stdout: string }).stdout
    }
  }
  const file = join(dir, "app.lock.json")
  const commit = (properties: Properties, lock: Lock) => {
    const next = describe(service(properties), lock).lock
    writeFileSync(file, printLock(next))
    git("add", ".")
    git("commit", "-m", "x")
    return next
  }
  git("init", "-b", "main")
  const names = Array.from({ length: 20 }, (_, i) => [`p${i}`, string] as const)
  const base = Object.fromEntries(names)
  const lock = commit(base, emptyLock())
  git("checkout", "-b", "other")
  commit({ ...base, note: string }, lock)
  git("checkout", "main")
  commit({ ...base, due: string }, lock)
  git("merge", "other")
  expect(() => readLock(file)).toThrow(
    /conflict markers of a git merge; keep both sides' entries, each name once/,
  )
  // As it says: both sides' lines, with the comma that is missing between them then.
  const kept = readFileSync(file, "utf8").replace(/^(<{7}|={7}|>{7}).*\n/gm, "")
  writeFileSync(file, kept.replace(/\}(?=\n +"note")/, "},"))
  expect(() => readLock(file)).toThrow(/Order has number 21 twice, for due and note/)
  writeFileSync(file, readFileSync(file, "utf8").replace(/,\n +"note".*/, ""))
  const merged = describe(service({ ...base, due: string, note: string }), readLock(file))
  expect(numbers(merged.file)).toMatchObject({ due: 21, note: 22 })
})

test.each([
  ["a conflict", "<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> other\n", /conflict/],
  ["no JSON", "{", /is not JSON/],
  ["another version", '{"version":9,"messages":{},"enums":{}}', /another version/],
  ["nothing", "null", /another version/],
  ["types that are none", '{"version":1,"types":{"A":1},"messages":{},"enums":{}}', /types is not readable/],
  ["an app that is none", '{"version":1,"app":1,"messages":{},"enums":{}}', /app is not readable/],
  ["no enums", '{"version":1,"messages":{}}', /lacks/],
  ["a message that is none", '{"version":1,"messages":{"A":1},"enums":{}}', /A is not readable/],
  [
    "a number twice",
    '{"version":1,"enums":{},"messages":{"A":{"fields":{"a":{"number":1,"name":"a"},"b":{"number":1,"name":"b"}}}}}',
    /A has number 1 twice, for a and b/,
  ],
  [
    "a property twice, with numbers of its own",
    '{"version":1,"enums":{},"messages":{"A":{"fields":{\n"a":{"number":1,"name":"a"},\n"a" : {"number":2,"name":"a"}}}}}',
    /app\.lock\.json:3: a comes twice/,
  ],
  [
    "a message twice",
    '{"version":1,"enums":{},"messages":{"A}\\"{":{"fields":{}},\n"A}\\"{":{"fields":{}}}}',
    /:2: A}"\{ comes twice/,
  ],
  [
    "a type twice",
    '{"version":1,"types":{"A":"a#A","A":"b#A"},"messages":{},"enums":{}}',
    /:1: A comes twice/,
  ],
  [
    "a reserved number in use",
    '{"version":1,"enums":{"E":{"values":{"a":{"number":1,"name":"E_A"}},"reserved":[{"number":1,"name":"E_B"}]}},"messages":{}}',
    /E has number 1 twice/,
  ],
])("a lock file with %s is refused", (_, text, message) => {
  const file = join(dir, "app.lock.json")
  writeFileSync(file, text)
  expect(() => readLock(file)).toThrow(
    expect.objectContaining({ code: "bad_lock", message: expect.stringMatching(message) }),
  )
  expect(readFileSync(file, "utf8")).toBe(text)
})

test("a lock is its app's, until that is not there any more", () => {
  const file = join(dir, "proto/shop/v1/shop.lock.json")
  mkdirSync(join(file, ".."), { recursive: true })
  const [first, second] = [join(dir, "src/public.ts"), join(dir, "src/admin.ts")]
  mkdirSync(join(dir, "src"))
  writeFileSync(first, "")
  const read = (appFile: string) => readOwnLock(file, join(dir, "proto"), appFile, "shop")
  // One that was written before locks had it is anyone's.
  writeFileSync(file, printLock(emptyLock()))
  expect(printLock(read(first))).toContain('  "app": "../src/public.ts",\n')
  writeFileSync(file, printLock(read(first)))
  expect(read(first).app).toBe("../src/public.ts")
  expect(() => read(second)).toThrow(
    expect.objectContaining({
      code: "name_taken",
      message: expect.stringMatching(/admin\.ts and .*public\.ts/),
    }),
  )
  renameSync(first, second)
  expect(read(second).app).toBe("../src/admin.ts")
})

test("a lock file that does not exist is empty", () => {
  expect(readLock(join(dir, "none.json"))).toEqual(emptyLock())
})
