import { createFileRegistry, fromBinary } from "@bufbuild/protobuf"
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt"
import fc from "fast-check"
import { beforeAll, expect, test } from "vitest"
import { compileCodec, type MessageCodec } from "../../src/codec/index.ts"
import type { TestHost } from "./host.ts"
import { host, show } from "./pack-test.ts"
import { fileSet, type TestSchema } from "./schema.ts"

const schema: TestSchema = {
  enums: { Color: ["red", "green"], Circles: ["circle"], Groups: ["group", "set"] },
  messages: {
    Point: { fields: { x: "double", y: { type: "double", optional: true } } },
    Numbers: { wrapper: true, fields: { value: { type: "double", repeated: true } } },
    MaybeText: { wrapper: true, fields: { value: { type: "string", nullable: true } } },
    Circle: { fields: { kind: "Circles", r: "double" } },
    Group: { fields: { kind: "Groups", parts: { type: "Union", repeated: true } } },
    Union: {
      union: true,
      fields: {
        color: "Color",
        number: "double",
        flag: "bool",
        text: "string",
        numbers: "Numbers",
        point: "Point",
        circle: "Circle",
        group: "Group",
      },
    },
    Value: {
      fields: {
        one: "Union",
        many: { type: "Union", repeated: true },
        byKey: { type: "", map: "Union" },
        maybe: { type: "Union", optional: true, nullable: true },
        text: "string",
        number: { type: "double", optional: true },
        flag: { type: "bool", nullable: true },
        color: { type: "Color", optional: true, nullable: true },
        point: { type: "Point", optional: true, nullable: true },
        points: { type: "Point", repeated: true },
        maybeList: { type: "string", repeated: true, optional: true, nullable: true },
        matrix: { type: "Numbers", repeated: true, nullable: true },
        texts: { type: "MaybeText", repeated: true, optional: true },
        record: { type: "", map: "double" },
        records: { type: "", map: "Point", optional: true },
        anything: { type: "string", json: true, optional: true },
        things: { type: "string", json: true, repeated: true },
        thingsByKey: { type: "", map: "string", json: true },
      },
    },
    Request: { fields: { json: "Value" } },
    Response: { response: true, fields: { ok: { type: "Value", status: 200 } } },
  },
}

const optional = {
  requiredKeys: [
    "one",
    "many",
    "byKey",
    "things",
    "thingsByKey",
    "text",
    "flag",
    "points",
    "matrix",
    "record",
  ],
} as const
const number = fc
  .oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }))
  .map((value) => value + 0)
const point = fc.record({ x: number, y: number }, { requiredKeys: ["x"] })
const { union } = fc.letrec((tie) => ({
  union: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom("red", "green"),
    number,
    fc.boolean(),
    fc.string(),
    fc.array(number, { maxLength: 3 }),
    point,
    fc.record({ kind: fc.constant("circle"), r: number }),
    fc.record({ kind: fc.constantFrom("group", "set"), parts: fc.array(tie("union"), { maxLength: 3 }) }),
  ),
}))
const fitting = fc.record(
  {
    one: union,
    many: fc.array(union, { maxLength: 4 }),
    byKey: fc.dictionary(fc.string(), union, { maxKeys: 3 }),
    maybe: fc.option(union),
    text: fc.string({ unit: "grapheme" }),
    number,
    flag: fc.option(fc.boolean()),
    color: fc.constantFrom("red", "green", null),
    point: fc.option(point),
    points: fc.array(point),
    maybeList: fc.option(fc.array(fc.string())),
    matrix: fc.option(fc.array(fc.array(number))),
    texts: fc.array(fc.option(fc.string())),
    record: fc.dictionary(fc.string(), number),
    records: fc.dictionary(fc.string(), point),
    anything: fc.jsonValue(),
    things: fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 3 }),
    thingsByKey: fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 }),
  },
  { requiredKeys: [...optional.requiredKeys] },
)
// One property replaced by something else.
const other = fc.tuple(
  fitting,
  fc.constantFrom(...Object.keys(schema.messages.Value!.fields), "extra"),
  fc.oneof(
    fc.jsonValue(),
    fc.constantFrom<unknown>(
      "\ud800",
      [],
      {},
      [null],
      [{}],
      "red",
      { a: null },
      { x: 1, z: 2 },
      { kind: "circle" },
      [1, "2"],
    ),
  ),
)

let guest: TestHost
let request: MessageCodec
let response: MessageCodec

beforeAll(async () => {
  const answer = "(inv) => ({ status: 200, headers: [], kind: 1, body: JSON.parse(inv.variables[1]) })"
  guest = await host([show("inv.input"), answer], schema, "Request", "Response")
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, fileSet(schema)))
  request = compileCodec(registry.getMessage("t.v1.Request")!)
  response = compileCodec(registry.getMessage("t.v1.Response")!)
})

test("the guest reads what the gateway's codec writes", () => {
  fc.assert(
    fc.property(fitting, (json) => {
      const encoded = request.encode({ json })
      if (!("bytes" in encoded)) throw new Error(`${encoded.misfit.path}: ${encoded.misfit.reason}`)
      const reply = guest.invoke({ input: { case: "message", value: encoded.bytes } })
      expect(reply.failure).toBeUndefined()
      expect(JSON.parse(new TextDecoder().decode(reply.body.value as Uint8Array))).toEqual(
        JSON.parse(JSON.stringify({ json })),
      )
    }),
    { numRuns: 100 },
  )
})

test("the gateway's codec reads what the guest writes, and both agree on what fits", () => {
  fc.assert(
    fc.property(fc.oneof(fitting, other), (sample) => {
      const value = Array.isArray(sample) ? { ...sample[0], [sample[1]]: sample[2] } : sample
      const text = JSON.stringify(value)
      const { body, fallbackReason } = guest.invoke({
        route: 1,
        variables: [{ name: "v", value: { case: "text", value: text } }],
      })
      const native = response.encodeResponse(200, JSON.parse(text))
      if (body.case === "message") {
        expect("misfit" in native ? native.misfit : undefined, text).toBeUndefined()
        expect(JSON.parse(response.toJson(body.value))).toEqual(JSON.parse(text))
      } else {
        expect("misfit" in native, `${fallbackReason} in ${text}`).toBe(true)
        expect(body).toEqual({ case: "json", value: text })
      }
    }),
    { numRuns: 300 },
  )
})
