import { createFileRegistry, fromBinary } from "@bufbuild/protobuf"
import { BinaryReader } from "@bufbuild/protobuf/wire"
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt"
import fc from "fast-check"
import { beforeAll, describe, expect, test } from "vitest"
import { GUEST_TEXTS } from "../../src/faaslet/names.ts"
import type { Reply } from "../../src/gen/hono_faasm/v1/invocation_pb.ts"
import type { TestHost } from "./host.ts"
import { host, show } from "./pack-test.ts"
import { fileSet, type TestSchema } from "./schema.ts"

const schema: TestSchema = {
  enums: { Color: ["red", "dark green"] },
  messages: {
    Point: { fields: { x: "double", y: { type: "double", optional: true } } },
    Wrapped: { wrapper: true, fields: { value: { type: "string", nullable: true } } },
    Numbers: { wrapper: true, fields: { value: { type: "double", repeated: true } } },
    Text: { wrapper: true, fields: { value: "string" } },
    Tree: {
      fields: {
        name: "string",
        left: { type: "Tree", optional: true },
        rest: { type: "Tree", repeated: true },
      },
    },
    Value: {
      fields: {
        text: { type: "string", optional: true },
        number: { type: "double", optional: true },
        flag: { type: "bool", optional: true },
        color: { type: "Color", optional: true },
        point: { type: "Point", optional: true },
        orNull: { type: "double", nullable: true },
        both: { type: "string", optional: true, nullable: true },
        bothPoint: { type: "Point", optional: true, nullable: true },
        list: { type: "string", repeated: true },
        points: { type: "Point", repeated: true, optional: true },
        numbers: { type: "double", repeated: true, optional: true },
        flags: { type: "bool", repeated: true, optional: true },
        colors: { type: "Color", repeated: true, optional: true },
        bothList: { type: "double", repeated: true, optional: true, nullable: true },
        nullList: { type: "double", repeated: true, nullable: true },
        wrapped: { type: "Wrapped", repeated: true, optional: true },
        matrix: { type: "Numbers", repeated: true, optional: true },
        anything: { type: "string", json: true, optional: true },
        record: { type: "", map: "double", optional: true },
        pointRecord: { type: "", map: "Point", optional: true, nullable: true },
        tree: { type: "Tree", optional: true },
      },
    },
    Response: {
      response: true,
      fields: {
        ok: { type: "Value", status: 200 },
        created: { type: "Numbers", status: 201 },
        teapot: { type: "string", json: true, status: 418 },
        other: { type: "Text" },
      },
    },
    Strict: {
      fields: {
        text: "string",
        number: "double",
        flag: "bool",
        color: "Color",
        point: "Point",
        list: { type: "Point", repeated: true },
        record: { type: "", map: "string" },
      },
    },
    StrictResponse: { response: true, fields: { ok: { type: "Strict", status: 200 } } },
  },
}

const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, fileSet(schema)))
const RUN =
  "(inv) => ({ status: Number(inv.variables[3] ?? 200), headers: [], kind: 1, body: (0, eval)(inv.variables[1]) })"

describe("the guest's encoder", () => {
  let guest: TestHost
  let strict: TestHost
  let decoder: TestHost

  beforeAll(async () => {
    guest = await host([RUN], schema, "Value", "Response")
    strict = await host([RUN], schema, "Strict", "StrictResponse")
    decoder = await host([show("inv.input")], schema, "Value", "Response")
  })

  function reply(code: string, status = 200, at = guest): Reply {
    const result = at.invoke({
      variables: [
        { name: "code", value: { case: "text", value: code } },
        { name: "status", value: { case: "number", value: status } },
      ],
    })
    if (result.failure) throw new Error(`${result.failure.kind}: ${result.failure.message}`)
    return result
  }

  // The value comes back through protobuf and the guest's own decoder.
  function roundTrip(code: string): unknown {
    const { body, fallbackReason } = reply(code)
    if (body.case !== "message") throw new Error(`fell back to ${body.case}: ${fallbackReason}`)
    const inner = bodyField(body.value, 1)
    // protobuf-es agrees that it is well-formed.
    fromBinary(registry.getMessage("t.v1.Value")!, inner)
    const shown = decoder.invoke({ input: { case: "message", value: inner } })
    return JSON.parse(new TextDecoder().decode(shown.body.value as Uint8Array))
  }

  const MINIMAL = "orNull: null, list: [], nullList: null"

  test.each([
    `{ ${MINIMAL} }`,
    `{ text: "a\\u00fc\\u{1f44b}", number: 1.5, flag: true, color: "dark green", point: { x: 1 }, ${MINIMAL} }`,
    `{ text: "", number: 0, flag: false, color: "red", point: { x: 0, y: 0 }, ${MINIMAL} }`,
    `{ both: null, bothPoint: null, bothList: null, pointRecord: null, ${MINIMAL} }`,
    `{ both: "", bothPoint: { x: 0 }, bothList: [], pointRecord: {}, orNull: 0, list: [], nullList: [] }`,
    `{ both: "b", bothPoint: { x: 2 }, bothList: [0], pointRecord: { a: { x: 1 } }, orNull: -1, list: ["", "x"], nullList: [1, 2] }`,
    `{ points: [], numbers: [], flags: [], colors: [], wrapped: [], matrix: [], record: {}, ${MINIMAL} }`,
    `{ points: [{ x: 0 }, { x: 1, y: 2 }], numbers: [0, 1], flags: [false, true], colors: ["red"], ${MINIMAL} }`,
    `{ wrapped: ["a", null, ""], matrix: [[], [1], [2, 3]], record: { a: 0, "": 1, 7: 2 }, ${MINIMAL} }`,
    `{ anything: { deep: [1, null, "x"] }, ${MINIMAL} }`,
    `{ anything: null, ${MINIMAL} }`,
    `{ tree: { name: "a", left: { name: "", rest: [] }, rest: [{ name: "c", rest: [] }] }, ${MINIMAL} }`,
  ])("%s", (code) => {
    expect(roundTrip(`(${code})`)).toEqual(native(`(${code})`))
  })

  test.each<[string, string]>([
    ["toJSON of a value", `({ text: { toJSON: (key) => "key " + key }, ${MINIMAL} })`],
    ["a Date", `({ text: new Date(0), ${MINIMAL} })`],
    ["toJSON of an object", `({ point: { toJSON: () => ({ x: 3 }) }, ${MINIMAL} })`],
    ["toJSON of a class", `({ point: new (class { toJSON() { return { x: 4 } } })(), ${MINIMAL} })`],
    [
      "toJSON of an array's element",
      `({ points: [{ toJSON: () => ({ x: 5 }) }], wrapped: [new Date(1)], ${MINIMAL} })`,
    ],
    ["toJSON that gives null", `({ both: { toJSON: () => null }, ${MINIMAL} })`],
    ["toJSON that gives undefined", `({ both: { toJSON: () => undefined }, ${MINIMAL} })`],
    ["toJSON of the whole", `({ toJSON: () => ({ text: "t", ${MINIMAL} }) })`],
    [
      "undefined, functions and symbols",
      `({ text: undefined, number: () => 1, flag: Symbol("s"), ${MINIMAL} })`,
    ],
    ["an undefined extra property", `({ extra: undefined, more() {}, ${MINIMAL} })`],
    ["holes in an array", `({ wrapped: ["a", , undefined, () => 1], ${MINIMAL} })`],
    [
      "inherited and hidden properties",
      `Object.defineProperty(Object.create({ text: "no" }, {}), "number", { value: 1 }), Object.assign(Object.create({ text: "no" }), { ${MINIMAL} })`,
    ],
    ["a symbol's property", `({ [Symbol("s")]: 1, ${MINIMAL} })`],
    ["getters", `({ get text() { return "got" }, ${MINIMAL} })`],
    [
      "a class instance",
      `new (class { text = "c"; orNull = null; list = []; nullList = null; #hidden = 1; method() {} })()`,
    ],
    ["a proxy", `new Proxy({ text: "p", ${MINIMAL} }, {})`],
    [
      "a rope string",
      `({ text: Array.from({ length: 300 }, (_, at) => "part " + at).reduce((a, b) => a + b), ${MINIMAL} })`,
    ],
    ["another order", `({ nullList: [1], list: ["l"], orNull: 1, text: "last" })`],
    ["a string of latin-1", `({ text: "\\u00e9".repeat(100), ${MINIMAL} })`],
  ])("%s", (_what, code) => {
    expect(roundTrip(code)).toEqual(native(code))
  })

  test.each<[string, string, string, keyof typeof GUEST_TEXTS]>([
    ["an extra property", "extra: 1", "$.extra", "MISFIT_EXTRA"],
    ["a wrong type", "text: 5", "$.text", "MISFIT_STRING"],
    ["a number that is a string", 'number: "5"', "$.number", "MISFIT_NUMBER"],
    ["a boolean that is a number", "flag: 0", "$.flag", "MISFIT_BOOLEAN"],
    ["another literal", 'color: "blue"', "$.color", "MISFIT_LITERAL"],
    ["null where none is declared", "text: null", "$.text", "MISFIT_MISSING"],
    ["an array as an object", "point: []", "$.point", "MISFIT_OBJECT"],
    ["an object as an array", "numbers: {}", "$.numbers", "MISFIT_ARRAY"],
    ["a boxed number", "number: new Number(5)", "$.number", "MISFIT_NUMBER"],
    ["a boxed string as an object", 'bothPoint: new String("ab")', "$.bothPoint", "MISFIT_OBJECT"],
    ["deep inside", "points: [{ x: 1 }, { x: true }]", "$.points[1].x", "MISFIT_NUMBER"],
    ["in a matrix", 'matrix: [[1], [1, "2"]]', "$.matrix[1][1]", "MISFIT_NUMBER"],
    ["in a record", 'pointRecord: { "a b": {} }', "$.pointRecord.a b", "MISFIT_MISSING"],
    ["null in an array", "numbers: [null]", "$.numbers[0]", "MISFIT_NUMBER"],
    ["a lone surrogate", 'text: "a\\ud800b"', "$.text", "MISFIT_SURROGATE"],
    ["a lone surrogate in a key", 'record: { "\\udfff": 1 }', "$.record.?", "MISFIT_SURROGATE"],
  ])("%s is a misfit and travels as JSON text", (_what, property, path, reason) => {
    const code = `({ ${MINIMAL}, ${property} })`
    const { body, fallbackReason } = reply(code)
    expect(body).toEqual({ case: "json", value: JSON.stringify(native(code)) })
    expect(fallbackReason).toBe(`${path}: ${GUEST_TEXTS[reason]}`)
  })

  test("a missing property is a misfit", () => {
    const { body, fallbackReason } = reply("({ list: [] })")
    expect(body).toEqual({ case: "json", value: '{"list":[]}' })
    expect(fallbackReason).toBe(`$: ${GUEST_TEXTS.MISFIT_MISSING}`)
  })

  test("zero values of properties that are always there", () => {
    const code = '({ text: "", number: 0, flag: false, color: "red", point: { x: 0 }, list: [], record: {} })'
    const { body } = reply(code, 200, strict)
    expect(body.case).toBe("message")
    expect(bodyField(body.value as Uint8Array, 1).length).toBeLessThan(12)
  })

  test("the status chooses the body's field", () => {
    expect(field(reply("[1, 2]", 201))).toBe(2)
    expect(field(reply('"text"', 404))).toBe(4)
    const teapot = reply("({ short: [1], stout: true })", 418)
    expect(new TextDecoder().decode(bodyField(teapot.body.value as Uint8Array, 3))).toBe(
      '{"short":[1],"stout":true}',
    )
    expect(reply("1", 201).body).toEqual({ case: "json", value: "1" })
    const undeclared = reply("1", 201, strict)
    expect(undeclared.fallbackReason).toBe(`$: ${GUEST_TEXTS.MISFIT_STATUS}`)
  })

  test("NaN and infinities travel in a double", () => {
    expect(roundTrip(`({ numbers: [NaN, Infinity, 1], ${MINIMAL} })`)).toMatchObject({
      numbers: [null, null, 1],
    })
  })

  test("undefined as a body is an empty one", () => {
    expect(reply("undefined").body).toEqual({ case: "raw", value: new Uint8Array() })
  })

  test("what JSON.stringify throws is a failure", () => {
    for (const code of ["({ text: 1n })", "(() => { const a = {}; a.anything = a; return a })()"]) {
      expect(() => reply(code)).toThrow(/^4: TypeError/)
    }
    expect(() => reply(`({ ${MINIMAL}, get text() { throw new RangeError("mine") } })`)).toThrow(
      "4: RangeError: mine",
    )
    expect(() => reply('({ toJSON() { throw "text" } })')).toThrow("4: text")
  })

  test("nesting is bounded", () => {
    const nest = (depth: number) =>
      `({ ${MINIMAL}, tree: Array.from({ length: ${depth} }).reduce((left) => ({ name: "n", rest: [], left }), { name: "leaf", rest: [] }) })`
    expect(reply(nest(90)).body.case).toBe("message")
    expect(reply(nest(200)).fallbackReason).toContain(GUEST_TEXTS.MISFIT_DEPTH)
    expect(() => reply(nest(50_000))).toThrow(/^4: RangeError/)
  })

  test("a large answer", () => {
    const code = `({ ${MINIMAL}, points: Array.from({ length: 30000 }, (_, x) => ({ x, y: 0.5 })) })`
    expect((roundTrip(code) as { points: object[] }).points).toHaveLength(30_000)
  })

  test("any value: JSON's, or protobuf that says the same", () => {
    const leaf = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.string(),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
      fc.boolean(),
      fc.constantFrom(null, "red", "dark green", 0, ""),
    )
    const point = fc.record(
      { x: fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => x + 0), y: fc.integer() },
      { requiredKeys: ["x"] },
    )
    const value = fc.record(
      {
        text: fc.string({ unit: "grapheme" }),
        number: fc.oneof(fc.integer(), leaf),
        flag: fc.boolean(),
        color: fc.constantFrom("red", "dark green", "blue"),
        both: fc.option(fc.string()),
        points: fc.array(point),
        bothPoint: fc.option(point),
        numbers: fc.array(fc.integer()),
        record: fc.dictionary(fc.string(), fc.integer()),
        anything: fc.jsonValue({ noUnicodeString: false } as object),
        orNull: fc.option(fc.integer()),
        list: fc.array(fc.string()),
        nullList: fc.option(fc.array(fc.integer())),
        wrapped: fc.array(fc.option(fc.string())),
        extra: leaf,
      },
      { requiredKeys: ["orNull", "list", "nullList"] },
    )
    fc.assert(
      fc.property(value, (sample) => {
        const text = JSON.stringify(sample)
        const code = `JSON.parse(${JSON.stringify(text)})`
        const { body } = reply(code)
        if (body.case === "json") expect(JSON.parse(body.value)).toEqual(JSON.parse(text))
        else expect(roundTrip(code)).toEqual(JSON.parse(text))
      }),
      { numRuns: 150 },
    )
  })
})

// biome-ignore lint/security/noGlobalEval: the same text is evaluated in the guest
const evaluate = globalThis.eval

function native(code: string): unknown {
  return JSON.parse(JSON.stringify(evaluate(code)))
}

function field(reply: Reply): number {
  return new BinaryReader(reply.body.value as Uint8Array).tag()[0]
}

function bodyField(message: Uint8Array, number: number): Uint8Array {
  const reader = new BinaryReader(message)
  expect(reader.tag()).toEqual([number, 2])
  const inner = reader.bytes()
  expect(reader.pos).toBe(reader.len)
  return inner
}
