import { createFileRegistry, fromBinary, fromJson, type JsonObject, toBinary } from "@bufbuild/protobuf"
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt"
import fc from "fast-check"
import { beforeAll, describe, expect, test } from "vitest"
import type { TestHost } from "./host.ts"
import { host, show } from "./pack-test.ts"
import { fileSet, type TestSchema } from "./schema.ts"

const schema: TestSchema = {
  enums: { Color: ["red", "dark green"] },
  messages: {
    None: { response: true, fields: {} },
    Point: { fields: { x: "double", y: { type: "double", optional: true } } },
    Wrapped: { wrapper: true, fields: { value: { type: "string", nullable: true } } },
    Numbers: { wrapper: true, fields: { value: { type: "double", repeated: true } } },
    Tree: {
      fields: {
        name: "string",
        left: { type: "Tree", optional: true },
        rest: { type: "Tree", repeated: true },
      },
    },
    Request: {
      fields: {
        text: "string",
        number: "double",
        flag: "bool",
        color: { type: "Color", optional: true },
        point: "Point",
        maybe: { type: "string", optional: true },
        orNull: { type: "double", nullable: true },
        both: { type: "string", optional: true, nullable: true },
        bothPoint: { type: "Point", optional: true, nullable: true },
        list: { type: "string", repeated: true },
        points: { type: "Point", repeated: true },
        numbers: { type: "double", repeated: true },
        flags: { type: "bool", repeated: true },
        colors: { type: "Color", repeated: true },
        maybeList: { type: "double", repeated: true, optional: true },
        nullList: { type: "double", repeated: true, nullable: true },
        wrapped: { type: "Wrapped", repeated: true },
        matrix: { type: "Numbers", repeated: true },
        when: { type: "string", date: true, optional: true },
        anything: { type: "string", json: true, optional: true },
        record: { type: "", map: "double" },
        pointRecord: { type: "", map: "Point", optional: true },
        tree: { type: "Tree", optional: true },
        "x-header": { type: "string", optional: true },
      },
    },
  },
}

const ABSENT = {
  text: "",
  number: 0,
  flag: false,
  point: { x: 0 },
  orNull: null,
  list: [],
  points: [],
  numbers: [],
  flags: [],
  colors: [],
  nullList: null,
  wrapped: [],
  matrix: [],
  record: {},
}

const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, fileSet(schema)))
const desc = registry.getMessage("t.v1.Request")!

describe("the guest's decoder", () => {
  let guest: TestHost

  beforeAll(async () => {
    guest = await host(
      [
        show("inv.input"),
        show("[inv.input.when instanceof Date, typeof inv.input.when, inv.input.when?.getTime()]"),
        show("Object.getOwnPropertyNames(inv.input.record)"),
        show("Object.is(inv.input.number, -0) ? '-0' : String(inv.input.number)"),
      ],
      schema,
      "Request",
    )
  })

  function decode(bytes: Uint8Array, route = 0) {
    const reply = guest.invoke({ route, input: { case: "message", value: bytes } })
    if (reply.failure) throw new Error(`${reply.failure.kind}: ${reply.failure.message}`)
    return JSON.parse(new TextDecoder().decode(reply.body.value as Uint8Array))
  }

  function bytes(json: JsonObject): Uint8Array {
    return toBinary(desc, fromJson(desc, json, { registry }))
  }

  test("what is absent is the type's default, null or no property", () => {
    expect(decode(bytes({}))).toEqual(ABSENT)
  })

  test("every kind of field", () => {
    const json = {
      text: "grüße 👋",
      number: -1.5,
      flag: true,
      color: "COLOR_2",
      point: { x: 2, y: 0 },
      maybe: "",
      orNull: 0,
      both: "b",
      bothPoint: {},
      list: ["a", "", "ü"],
      points: [{ x: 1 }, { x: 2, y: 3 }],
      numbers: [1, 2.5, -3],
      flags: [true, false],
      colors: ["COLOR_1", "COLOR_2"],
      maybeList: [1],
      nullList: [2],
      wrapped: [{ value: "w" }, {}],
      matrix: [{ value: [1, 2] }, {}],
      anything: '{"a":[1]}',
      record: { a: 1, "": 2, 5: 3 },
      pointRecord: { p: { x: 9 } },
      tree: { name: "t", left: { name: "l" }, rest: [{ name: "r" }] },
      "x-header": "h",
    }
    expect(decode(bytes(json as JsonObject))).toEqual({
      ...ABSENT,
      ...json,
      color: "dark green",
      colors: ["red", "dark green"],
      bothPoint: { x: 0 },
      wrapped: ["w", null],
      matrix: [[1, 2], []],
      anything: { a: [1] },
      tree: { name: "t", left: { name: "l", rest: [] }, rest: [{ name: "r", rest: [] }] },
    })
  })

  test("presence tells null, empty and absent apart", () => {
    const nulls = {
      bothPresence: "PRESENCE_NULL",
      bothPointPresence: "PRESENCE_NULL",
      nullListPresence: "PRESENCE_NULL",
    }
    expect(decode(bytes(nulls))).toEqual({ ...ABSENT, both: null, bothPoint: null, nullList: null })
    const empty = {
      maybeListPresence: "PRESENCE_EMPTY",
      nullListPresence: "PRESENCE_EMPTY",
      pointRecordPresence: "PRESENCE_EMPTY",
    }
    expect(decode(bytes(empty))).toEqual({ ...ABSENT, maybeList: [], nullList: [], pointRecord: {} })
  })

  test("dates become Date", () => {
    const when = "2024-02-29T12:34:56.789Z"
    expect(decode(bytes({ when }), 1)).toEqual([true, "object", Date.parse(when)])
  })

  test("a map's key may be any string", () => {
    expect(decode(bytes({ record: { ["__proto__"]: 1, constructor: 2 } }), 2)).toEqual([
      "__proto__",
      "constructor",
    ])
  })

  test.each([
    ["-0", "-0"],
    ["NaN", "NaN"],
    ["Infinity", "Infinity"],
    [2 ** 53, "9007199254740992"],
    [2147483648, "2147483648"],
    [-2147483648, "-2147483648"],
    [5e-324, "5e-324"],
  ])("number %s", (number, shown) => {
    const message = fromJson(desc, {}, { registry })
    ;(message as unknown as { number: number }).number = Number(number)
    expect(decode(toBinary(desc, message), 3)).toBe(shown)
  })

  test("elements may be scattered, scalars unpacked, unknown fields are skipped", () => {
    const a = bytes({ list: ["a"], points: [{ x: 1 }] })
    const b = bytes({ list: ["b", "c"], points: [{ x: 2 }] })
    const unpacked = [0x61, ...double(4), 0x61, ...double(5)]
    const unknown = [0xfa, 0x3e, 2, 1, 2, 0xf8, 0x3e, 1, 0xfd, 0x3e, 1, 2, 3, 4]
    const joined = Uint8Array.from([...a, ...unknown, ...b, ...unpacked])
    expect(decode(joined)).toEqual({
      ...ABSENT,
      list: ["a", "b", "c"],
      points: [{ x: 1 }, { x: 2 }],
      numbers: [4, 5],
    })
  })

  test("the last of several singular values counts", () => {
    expect(decode(Uint8Array.from([...bytes({ text: "a", maybe: "1" }), ...bytes({ text: "b" })]))).toEqual({
      ...ABSENT,
      text: "b",
      maybe: "1",
    })
  })

  test("a long list", () => {
    const points = Array.from({ length: 20_000 }, (_, x) => ({ x, y: x / 2 }))
    expect(decode(bytes({ points })).points).toEqual(points)
  })

  test.each<[string, number[]]>([
    ["a truncated string", [0x0a, 5, 65]],
    ["a length beyond the end", [0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f]],
    ["a truncated varint", [0x18, 0x80]],
    ["an endless varint", [0x18, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80]],
    ["another wire type", [0x08, 1]],
    ["a group", [0x0b, 0x0c]],
    ["field 0", [0x02, 0]],
    ["an unknown literal", [0x20, 9]],
    ["no literal", [0x20, 0]],
    ["bad JSON text", [0xa2, 0x01, 1, 0x7b]],
  ])("%s is a bad invocation", (_what, message) => {
    expect(() => decode(Uint8Array.from(message))).toThrow(/^2: /)
  })

  test("any bytes are decoded or refused", () => {
    const valid = bytes({
      text: "text",
      list: ["a"],
      points: [{ x: 1, y: 2 }],
      numbers: [1, 2],
      record: { a: 1 },
      tree: { name: "t", rest: [{ name: "r" }] },
      when: "2024-01-01T00:00:00.000Z",
      anything: "[1]",
    })
    const mutated = fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(mutated, fc.nat(valid.length), (changes, length) => {
        const hostile = valid.slice(0, length)
        for (const [at, byte] of changes) if (at < length) hostile[at] = byte
        const { failure } = guest.invoke({ input: { case: "message", value: hostile } })
        expect(failure?.kind ?? 2).toBe(2)
      }),
      { numRuns: 400 },
    )
  })

  test("nesting is bounded", () => {
    let tree: JsonObject = { name: "leaf" }
    for (let depth = 0; depth < 90; depth++) tree = { name: "n", left: tree }
    expect(decode(bytes({ tree })).tree.left.left.name).toBe("n")
    let nested = Uint8Array.of()
    for (let depth = 0; depth < 500; depth++)
      nested = Uint8Array.from([0x12, ...varint(nested.length), ...nested])
    expect(() => decode(Uint8Array.from([0xba, 0x01, ...varint(nested.length), ...nested]))).toThrow(/^2: /)
  })
})

function double(value: number): number[] {
  return [...new Uint8Array(new Float64Array([value]).buffer)]
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)]
}
