import { deepStrictEqual } from "node:assert/strict"
import {
  create,
  createFileRegistry,
  type DescMessage,
  fromBinary,
  toBinary,
  toJson,
} from "@bufbuild/protobuf"
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt"
import fc from "fast-check"
import { beforeAll, describe, expect, test } from "vitest"
import { compileCodec, InterpretedCodec, type MessageCodec } from "../../src/codec/codec.ts"
import { CodecError } from "../../src/codec/index.ts"
import { jsonFieldsCheck } from "../../src/gateway/json-fields.ts"
import type { TestHost } from "./host.ts"
import { host, show } from "./pack-test.ts"
import { fileSet, type TestSchema } from "./schema.ts"

const VALUE = "google.protobuf.Value"
const schema: TestSchema = {
  messages: {
    Body: {
      fields: {
        value: VALUE,
        maybe: { type: VALUE, optional: true },
        object: { type: "google.protobuf.Struct", optional: true, nullable: true },
        list: { type: "google.protobuf.ListValue", optional: true },
        many: { type: VALUE, repeated: true, optional: true },
        byKey: { type: "", map: VALUE, optional: true },
      },
    },
    Response: { response: true, fields: { ok: { type: "Body", status: 200 } } },
  },
}

let guest: TestHost
let body: DescMessage
let codecs: MessageCodec[]
let response: MessageCodec

beforeAll(async () => {
  const answer = (value: string) => `(inv) => ({ status: 200, headers: [], kind: 1, body: ${value} })`
  const odd = `[NaN, -Infinity, -0, undefined, () => 1, { a: undefined, b: () => 1, c: Symbol(), d: null },
    { toJSON() { return null } }, { toJSON() { return undefined } }, { toJSON() { return [1] } }, new Date(0), Array(2)]`
  guest = await host(
    [
      show("inv.input"),
      answer("JSON.parse(inv.variables[1])"),
      answer(`{ value: ${odd}, byKey: { ...${odd} } }`),
    ],
    schema,
    "Body",
    "Response",
  )
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, fileSet(schema)))
  body = registry.getMessage("t.v1.Body")!
  codecs = [compileCodec(body), new InterpretedCodec(body)]
  response = compileCodec(registry.getMessage("t.v1.Response")!)
})

/** What the guest makes of bytes. */
function decoded(value: Uint8Array): unknown {
  const reply = guest.invoke({ input: { case: "message", value } }, { fresh: false })
  expect(reply.failure).toBeUndefined()
  return JSON.parse(new TextDecoder().decode(reply.body.value as Uint8Array))
}

function answered(value: unknown, route = 1) {
  const text = JSON.stringify(value)
  const variables = [{ name: "v", value: { case: "text" as const, value: text } }]
  return guest.invoke({ route, variables }, { fresh: false })
}

/** Everything that reads a message gives this JSON. */
function expectJson(bytes: Uint8Array, json: unknown): void {
  for (const codec of codecs) {
    deepStrictEqual(codec.decode(bytes), json)
    deepStrictEqual(JSON.parse(codec.toJson(bytes)), json)
    deepStrictEqual(JSON.parse(`${codec.toJsonBytes(bytes)}`), json)
  }
  deepStrictEqual(decoded(bytes), json)
}

/** All that encode it write what all decode to the same. */
function expectCarried(json: unknown): void {
  for (const codec of codecs) {
    const result = codec.encode(json)
    if ("misfit" in result) throw new Error(`${result.misfit.path} ${result.misfit.reason}`)
    expectJson(result.bytes, json)
    deepStrictEqual(toJson(body, fromBinary(body, result.bytes)), json)
  }
  const reply = answered(json)
  expect(reply.fallbackReason).toBe("")
  deepStrictEqual(JSON.parse(response.toJson(reply.body.value as Uint8Array)), json)
  deepStrictEqual(JSON.parse(`${response.toJsonBytes(reply.body.value as Uint8Array)}`), json)
}

const anyKey = JSON.parse('{"__proto__":{"__proto__":null},"1":[],"":{},"constructor":1,"toString":"a"}')

describe("any JSON value", () => {
  test.each<[string, unknown]>([
    ["null", null],
    ["false", false],
    ["zero", 0],
    ["the empty string", ""],
    ["an empty list", []],
    ["an empty object", {}],
    ["nulls everywhere", [null, [null], { a: null, b: [null, {}] }, [[], [[]]]]],
    ["any key", anyKey],
    ["a number without a short text", [5e-324, 2 ** 53, 1.1]],
  ])("may be %s", (_, value) => {
    const list = [value, [value]]
    expectCarried({ value })
    expectCarried({ value: list, maybe: value, object: { value }, list, many: list, byKey: { value } })
  })

  test("may be long", () => {
    const value = Array.from({ length: 20_000 }, (_, i) => [null, `${i}`, i, { i }, [], true][i % 6])
    expectCarried({ value, list: value, many: value, byKey: { ...value.slice(0, 2000) } })
  })

  test("is what JSON.stringify makes of it", () => {
    const item = [null, null, 0, null, null, { d: null }, null, null, [1], "1970-01-01T00:00:00.000Z"]
    const list = [...item, [null, null]]
    const odd = [
      Number.NaN,
      Number.NEGATIVE_INFINITY,
      -0,
      undefined,
      () => 1,
      { a: undefined, b: () => 1, c: Symbol(), d: null },
      { toJSON: () => null },
      null,
      { toJSON: () => [1] },
      new Date(0),
      Array(2),
    ]
    for (const codec of codecs) {
      const result = codec.encode({ value: odd, maybe: { toJSON: () => null } })
      if ("misfit" in result) throw new Error(result.misfit.reason)
      const json = toJson(body, fromBinary(body, result.bytes)) as { value: unknown }
      deepStrictEqual(
        { ...json, value: `${JSON.stringify(json.value)}` },
        { value: JSON.stringify(list), maybe: null },
      )
    }
    const reply = answered(undefined, 2)
    expect(reply.fallbackReason).toBe("")
    const { value, byKey } = JSON.parse(response.toJson(reply.body.value as Uint8Array))
    deepStrictEqual(value, list)
    // What has no JSON is no property.
    deepStrictEqual(byKey, JSON.parse(JSON.stringify({ ...list, 3: undefined, 4: undefined, 7: undefined })))
  })

  test("with a lone surrogate travels as JSON text", () => {
    for (const value of ["\ud800", ["\ud800"], { a: { "\ud800": 1 } }]) {
      for (const codec of codecs) expect(codec.encode({ value })).toHaveProperty("misfit")
      expect(answered({ value }).body).toEqual({ case: "json", value: JSON.stringify({ value }) })
    }
  })

  test("that is a bigint or a boxed number is left to JSON.stringify", () => {
    for (const value of [1n, [Object(1)], { a: Object("b") }]) {
      for (const codec of codecs) expect(codec.encode({ value })).toHaveProperty("misfit")
    }
  })

  test("of a request has to be one that the function would get as it is", () => {
    const check = jsonFieldsCheck(body)!
    const plain = { value: [1, { a: null }], object: null, list: [], many: [[], "a"], byKey: anyKey }
    expect(check(plain)).toBeUndefined()
    expect(check({ ...plain, value: [new Map()] })).toMatch(/Map/)
    expect(check({ ...plain, object: { a: new Date(0) } })).toMatch(/Date/)
    expect(check({ ...plain, list: [Number.NaN] })).toMatch(/NaN/)
    expect(check({ ...plain, byKey: { a: { b: 1n } } })).toMatch(/bigint/)
    expect(check({ ...plain, many: [new Set()] })).toMatch(/Set/)
  })

  test.each<[string, (inner: unknown) => unknown]>([
    ["lists", (inner) => [inner]],
    ["objects", (a) => ({ a })],
    ["both", (a) => [{ a }, []]],
  ])("of nested %s is carried, or travels as JSON text", (_, wrap) => {
    let value: unknown = null
    let least = 0
    for (let depth = 1; depth < 120; depth++) {
      value = wrap(value)
      const results = codecs.map((codec) => codec.encode({ value }))
      const fits = results.map((result) => "bytes" in result)
      expect(fits[0]).toBe(fits[1])
      if ("bytes" in results[0]!) expectJson(results[0].bytes, { value })
      const { body } = answered({ value })
      if (body.case === "message") {
        deepStrictEqual(JSON.parse(`${response.toJsonBytes(body.value)}`), { value })
        if (fits[0]) least = depth
      } else {
        expect(body).toEqual({ case: "json", value: JSON.stringify({ value }) })
      }
    }
    expect(least).toBeGreaterThan(15)
    expect(least).toBeLessThan(60)
  })
})

describe("bytes of another's", () => {
  const field = (number: number, ...bytes: number[]) => [(number << 3) | 2, bytes.length, ...bytes]

  test.each<[string, number[], unknown]>([
    ["without a value are null", [], { value: null }],
    ["of an empty value are null", field(1), { value: null }],
    ["of empty elements are null", field(1, ...field(6, ...field(1), ...field(1))), { value: [null, null] }],
    [
      "of an entry without a value are null",
      field(1, ...field(5, ...field(1, 10, 1, 97))),
      { value: { a: null } },
    ],
    ["of another null are null", field(1, 8, 5), { value: null }],
    ["with several kinds are the last one", field(1, 8, 0, 32, 1, 26, 1, 97), { value: "a" }],
    ["with several kinds are the last null", field(1, 26, 1, 97, 8, 0), { value: null }],
    ["with an unknown field go without it", field(1, 0x78, 1, 32, 1), { value: true }],
    [
      "of empty objects and lists",
      [...field(1, ...field(5)), ...field(4, ...field(1, ...field(6)))],
      { value: {}, list: [[]] },
    ],
  ])("%s", (_, bytes, json) => expectJson(Uint8Array.from(bytes), json))

  test("with a number that JSON has not become null there", () => {
    const bytes = toBinary(
      body,
      create(body, { value: { kind: { case: "numberValue", value: Number.NaN } } } as never),
    )
    for (const codec of codecs) {
      expect(codec.toJson(bytes)).toBe('{"value":null}')
      expect(`${codec.toJsonBytes(bytes)}`).toBe('{"value":null}')
    }
    expect(decoded(bytes)).toEqual({ value: null })
  })

  test("are decoded or refused, by all alike", () => {
    const result = codecs[0]!.encode({ value: [1, { a: null, b: ["c", true] }], object: anyKey })
    const valid = (result as { bytes: Uint8Array }).bytes
    const changes = fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(changes, fc.nat(valid.length), (places, length) => {
        const hostile = valid.slice(0, length)
        for (const [at, byte] of places) if (at < length) hostile[at] = byte
        for (const codec of codecs) {
          for (const read of [codec.decode, codec.toJson, codec.toJsonBytes]) {
            try {
              read.call(codec, hostile)
            } catch (error) {
              expect(error).toBeInstanceOf(CodecError)
            }
          }
        }
        const { failure } = guest.invoke({ input: { case: "message", value: hostile } }, { fresh: false })
        expect(failure?.kind ?? 2).toBe(2)
      }),
      { numRuns: 300 },
    )
  })

  test("that nest too deeply are refused", () => {
    let value: number[] = []
    const length = (n: number) => (n < 128 ? [n] : [(n & 127) | 128, n >> 7])
    for (let depth = 0; depth < 200; depth++) value = [depth % 2 ? 50 : 10, ...length(value.length), ...value]
    const bytes = Uint8Array.from([10, ...length(value.length), ...value])
    for (const codec of codecs) {
      expect(() => codec.decode(bytes)).toThrow(CodecError)
      expect(() => codec.toJsonBytes(bytes)).toThrow(CodecError)
    }
    expect(guest.invoke({ input: { case: "message", value: bytes } }).failure?.kind).toBe(2)
  })
})
