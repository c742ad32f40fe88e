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
    Pair: { tuple: true, fields: { 0: "string", 1: { type: "int32", nullable: true } } },
    Trail: {
      tuple: true,
      fields: {
        0: "Pair",
        1: { type: "bool", optional: true },
        2: { type: "string", optional: true, nullable: true },
        rest: { type: "double", repeated: true },
      },
    },
    Open: {
      fields: {
        name: "string",
        size: { type: "float", optional: true },
        others: { type: "", map: "Union", rest: true },
      },
    },
    Integers: {
      fields: {
        int32: "int32",
        uint32: "uint32",
        int64: "int64",
        uint64: { type: "uint64", optional: true },
        floats: { type: "float", repeated: true },
        int32s: { type: "int32", repeated: true },
        byKey: { type: "", map: "int64" },
      },
    },
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
        pair: "Pair",
        trails: { type: "Trail", repeated: true },
        open: "Open",
        opens: { type: "Open", repeated: true, optional: true },
        integers: { type: "Integers", optional: true },
        json: { type: "google.protobuf.Value", optional: true },
        jsonObject: { type: "google.protobuf.Struct", optional: true, nullable: true },
        jsonList: { type: "google.protobuf.ListValue", nullable: true },
        jsons: { type: "google.protobuf.Value", repeated: true },
        jsonByKey: { type: "", map: "google.protobuf.Value", optional: true },
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
    "pair",
    "trails",
    "open",
    "jsonList",
    "jsons",
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
const pair = fc.tuple(fc.string(), fc.option(fc.integer()))
const trail = fc.oneof(
  fc.tuple(pair),
  fc.tuple(pair, fc.boolean()),
  fc.tuple(pair, fc.boolean(), fc.option(fc.string())),
  fc.tuple(pair, fc.boolean(), fc.option(fc.string()), number, number),
)
const float = fc.float({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0)
const open = fc
  .tuple(
    fc.record({ name: fc.string(), size: float }, { requiredKeys: ["name"] }),
    fc.dictionary(fc.string(), union),
  )
  .map(([named, others]) => JSON.parse(JSON.stringify({ ...others, ...named, size: named.size })))
const integers = fc.record(
  {
    int32: fc.integer(),
    uint32: fc.nat({ max: 2 ** 32 - 1 }),
    int64: fc.maxSafeInteger(),
    uint64: fc.maxSafeNat(),
    floats: fc.array(float, { maxLength: 3 }),
    int32s: fc.array(fc.integer(), { maxLength: 3 }),
    byKey: fc.dictionary(fc.string(), fc.maxSafeInteger(), { maxKeys: 2 }),
  },
  { requiredKeys: ["int32", "uint32", "int64", "floats", "int32s", "byKey"] },
)
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
    pair,
    trails: fc.array(trail, { maxLength: 3 }),
    open,
    opens: fc.array(open, { maxLength: 2 }),
    integers,
    json: fc.jsonValue(),
    jsonObject: fc.option(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 })),
    jsonList: fc.option(fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 3 })),
    jsons: fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 3 }),
    jsonByKey: fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 }),
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
      ["a", 1],
      ["a", 1.5],
      ["a", 1, 2],
      [["a", null]],
      [["a", 1], true, null, 5, "6"],
      { name: "a", x: null },
      { name: "a", size: 0.1 },
      { int32: 2 ** 31, uint32: 0, int64: 0, floats: [], int32s: [], byKey: {} },
      { int32: 0, uint32: -1, int64: 0, floats: [], int32s: [], byKey: {} },
      { int32: 0, uint32: 0, int64: 2 ** 53, floats: [], int32s: [], byKey: {} },
      { int32: 0, uint32: 0, int64: 0, uint64: -1, floats: [0.5], int32s: [-0], byKey: {} },
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
        expect(JSON.parse(Buffer.from(response.toJsonBytes(body.value)).toString())).toEqual(JSON.parse(text))
      } else {
        expect("misfit" in native, `${fallbackReason} in ${text}`).toBe(true)
        expect(body).toEqual({ case: "json", value: text })
      }
    }),
    { numRuns: 300 },
  )
})
