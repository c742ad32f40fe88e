import { create, fromBinary, toBinary } from "@bufbuild/protobuf"
import fc from "fast-check"
import { describe, expect, test, vi } from "vitest"
import { compileCodec, InterpretedCodec } from "../../src/codec/codec.ts"
import { CodecError } from "../../src/codec/index.ts"
import { orders, shape } from "./shapes.ts"

const compiled = compileCodec(shape("Order"))
const reference = new InterpretedCodec(shape("Order"))

const order = {
  id: "o1",
  total: 12.5,
  paid: true,
  lines: [{ sku: "a", quantity: 1 }],
  note: null,
  scores: [],
  prices: {},
  customer: { name: "Ada", constructor: "none" },
  flags: [],
  history: [],
  extra: null,
  matrix: [],
  "gift to": null,
}

function bytesOf(result: ReturnType<typeof compiled.encode>): Uint8Array {
  if ("misfit" in result) throw new Error(`${result.misfit.path} ${result.misfit.reason}`)
  return result.bytes
}

describe("values that fit", () => {
  test("come back as they were, and as protobuf-es reads and writes them", () => {
    fc.assert(
      fc.property(orders, (value) => {
        const bytes = bytesOf(compiled.encode(value))
        expect(compiled.decode(bytes)).toStrictEqual(value)
        expect(reference.decode(bytes)).toStrictEqual(value)
        const theirs = bytesOf(reference.encode(value))
        expect(compiled.decode(theirs)).toStrictEqual(value)
        // The same message, apart from what may be written in either way (order of map entries).
        const desc = shape("Order")
        expect(fromBinary(desc, bytes)).toStrictEqual(fromBinary(desc, theirs))
      }),
      { numRuns: 500 },
    )
  })

  test("become the JSON text that JSON.stringify makes of them", () => {
    fc.assert(
      fc.property(orders, (value) => {
        const text = compiled.toJson(bytesOf(compiled.encode(value)))
        expect(JSON.parse(text)).toStrictEqual(JSON.parse(JSON.stringify(value)))
      }),
      { numRuns: 500 },
    )
  })

  test("tell absent, null and empty apart", () => {
    for (const value of [
      { ...order },
      { ...order, coupon: null, tags: null },
      { ...order, coupon: "", tags: [], bySku: {} },
      { ...order, note: "", weight: 0 },
    ]) {
      const bytes = bytesOf(compiled.encode(value))
      expect(compiled.decode(bytes)).toStrictEqual(value)
      expect(JSON.parse(compiled.toJson(bytes))).toStrictEqual(value)
    }
  })

  test("are looked at as JSON.stringify does", () => {
    const value = {
      ...order,
      id: { toJSON: () => "o1" },
      note: undefined,
      customer: { ...order.customer, referrer: undefined, greet() {} },
    }
    const misfit = compiled.encode(value)
    expect(misfit).toEqual({ misfit: { path: "note", reason: "is missing" } })
    const bytes = bytesOf(compiled.encode({ ...value, note: null }))
    expect(compiled.decode(bytes)).toStrictEqual(order)
  })

  test("may have their toJSON on an array, or leave out what has none", () => {
    const scores = Object.assign([1, 2], { toJSON: () => [3] })
    const lines = [{ sku: "a", quantity: { toJSON: () => 2 } }]
    const prices = { a: 1, b: undefined, c() {} }
    for (const codec of [compiled, reference]) {
      const bytes = bytesOf(codec.encode({ ...order, scores, lines, prices }))
      expect(compiled.decode(bytes)).toStrictEqual({
        ...order,
        scores: [3],
        lines: [{ sku: "a", quantity: 2 }],
        prices: { a: 1 },
      })
    }
  })

  test("leave out an optional property of JSON text that JSON leaves out", () => {
    for (const codec of [compileCodec(shape("Anything")), new InterpretedCodec(shape("Anything"))]) {
      const days = [new Date(0), new Date(1)]
      for (const any of [null, [1], "text", { toJSON: () => 1 }]) {
        const bytes = bytesOf(codec.encode({ any, list: [{ a: 1 }, null], map: { x: 1 }, days }))
        const expected = { any: JSON.parse(JSON.stringify(any)), list: [{ a: 1 }, null], map: { x: 1 }, days }
        expect(codec.decode(bytes)).toStrictEqual(expected)
      }
      const bytes = bytesOf(codec.encode({ any() {}, list: [() => 1], map: { a() {} }, days: [] }))
      expect(codec.decode(bytes)).toStrictEqual({ list: [null], map: {}, days: [] })
    }
  })

  test("may use the same codec from a toJSON", () => {
    const inner = () => compiled.encode(order)
    const value = {
      ...order,
      id: {
        toJSON() {
          inner()
          return "o1"
        },
      },
    }
    expect(compiled.decode(bytesOf(compiled.encode(value)))).toStrictEqual(order)
  })

  test("have Dates in requests", () => {
    const codec = compileCodec(shape("Visit"))
    const value = { at: new Date(86_400_000), until: new Date(0) }
    const bytes = bytesOf(codec.encode(value))
    expect(codec.decode(bytes)).toStrictEqual(value)
    expect(codec.toJson(bytes)).toBe(JSON.stringify(value))
    expect(codec.encode({ at: "1970-01-02" })).toHaveProperty("misfit.path", "at")
    expect(codec.encode({ at: new Date(Number.NaN) })).toHaveProperty("misfit.path", "at")
  })
})

test("a message without fields carries an object without properties", () => {
  const codec = compileCodec(shape("Nothing"))
  expect(bytesOf(codec.encode({}))).toHaveLength(0)
  expect(codec.decode(new Uint8Array())).toEqual({})
  expect(codec.toJson(new Uint8Array())).toBe("{}")
  expect(codec.encode({ x: 1 })).toHaveProperty("misfit.path", "x")
})

describe("values that do not fit", () => {
  const cases: [string, unknown, string, RegExp][] = [
    ["an extra property", { ...order, more: 1 }, "more", /not in the declared type/],
    [
      "an extra property deep inside",
      { ...order, lines: [{ sku: "a", quantity: 1, x: 1 }] },
      "lines[0].x",
      /declared/,
    ],
    ["a wrong type", { ...order, total: "12" }, "total", /a string, not a number/],
    ["a missing property", { ...order, id: undefined }, "id", /missing/],
    ["a null", { ...order, paid: null }, "paid", /null/],
    ["an unknown literal", { ...order, status: "lost" }, "status", /literal/],
    ["a lone surrogate", { ...order, id: "\ud800" }, "id", /surrogate/],
    ["a lone surrogate in a long string", { ...order, id: `${"x".repeat(100)}\udc00` }, "id", /surrogate/],
    // biome-ignore lint/suspicious/noSparseArray: that is the case
    ["a hole", { ...order, scores: [1, , 3] }, "scores[1]", /undefined/],
    ["no array", { ...order, lines: {} }, "lines", /not an array/],
    ["an array for a record", { ...order, prices: [] }, "prices", /not a record/],
    ["an array for an object", [], "", /not an object/],
    ["null", null, "", /not an object/],
    ["a bigint", { ...order, total: 1n }, "total", /bigint/],
    ["a boxed number for a record", { ...order, prices: Object(5) }, "prices", /not a record/],
    ["a boxed boolean for an object", { ...order, customer: Object(true) }, "customer", /not an object/],
    [
      "an extra property beside one that JSON does not see",
      Object.defineProperty({ ...order, more: 1 }, "id", { enumerable: false }),
      "more",
      /declared type/,
    ],
    ["an inherited property", Object.create(order), "id", /declared type/],
  ]
  for (const [name, value, path, reason] of cases) {
    test(`${name} is found`, () => {
      for (const codec of [compiled, reference]) {
        const result = codec.encode(value)
        expect(result).toHaveProperty("misfit.path", path)
        expect((result as { misfit: { reason: string } }).misfit.reason).toMatch(reason)
      }
    })
  }

  test("a cycle is found", () => {
    const customer: Record<string, unknown> = { name: "a", constructor: "b" }
    customer.referrer = customer
    expect(compiled.encode({ ...order, customer })).toHaveProperty("misfit.reason", "is nested too deeply")
  })

  test("any change of a value is either carried or found", () => {
    const keys = Object.keys(order)
    fc.assert(
      fc.property(orders, fc.constantFrom(...keys), fc.jsonValue(), (value, key, other) => {
        const changed = { ...value, [key]: other }
        const result = compiled.encode(changed)
        expect("misfit" in result).toBe("misfit" in reference.encode(changed))
        if ("bytes" in result) expect(compiled.decode(result.bytes)).toStrictEqual(changed)
      }),
      { numRuns: 500 },
    )
  })

  test("errors of the value's own code are passed on", () => {
    const value = {
      get id() {
        throw new RangeError("mine")
      },
    }
    expect(() => compiled.encode(value)).toThrow("mine")
    expect(compiled.decode(bytesOf(compiled.encode(order)))).toStrictEqual(order)
  })
})

describe("responses", () => {
  const codec = compileCodec(shape("GetOrderResponse"))

  test("are encoded by status and come back as their body", () => {
    for (const [status, body] of [
      [200, order],
      [201, [[1, 2], []]],
      [404, { any: "thing" }],
      [500, null],
    ] as const) {
      const bytes = bytesOf(codec.encodeResponse(status, body))
      expect(codec.decode(bytes)).toStrictEqual(body)
      expect(JSON.parse(codec.toJson(bytes))).toStrictEqual(body)
    }
    expect(codec.encodeResponse(201, { x: 1 })).toHaveProperty("misfit")
  })

  test("need a body", () => {
    expect(() => codec.toJson(new Uint8Array())).toThrow(CodecError)
  })

  test("take the last body, as every oneof", () => {
    const bytes = Buffer.concat([
      bytesOf(codec.encodeResponse(200, order)),
      bytesOf(codec.encodeResponse(201, [[1]])),
    ])
    expect(codec.toJson(bytes)).toBe("[[1]]")
  })

  test("hold only JSON in fields for JSON text", () => {
    const message = create(shape("GetOrderResponse"), {
      body: { case: "other", value: '1,"injected":2' },
    } as never)
    expect(() => codec.toJson(toBinary(shape("GetOrderResponse"), message))).toThrow(/JSON text/)
  })
})

describe("hostile bytes", () => {
  test("are decoded or refused, but never crash", () => {
    fc.assert(
      fc.property(
        orders,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 5 }),
        fc.nat(),
        (value, flips, cut) => {
          let bytes = bytesOf(compiled.encode(value))
          for (const [at, byte] of flips) bytes[at % bytes.length] = byte
          if (cut % 3 === 0) bytes = bytes.subarray(0, cut % bytes.length)
          for (const decode of [compiled.decode, compiled.toJson]) {
            try {
              decode.call(compiled, bytes)
            } catch (error) {
              expect(error).toBeInstanceOf(CodecError)
            }
          }
        },
      ),
      { numRuns: 1000 },
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          JSON.parse(compiled.toJson(bytes))
        } catch (error) {
          expect(error).toBeInstanceOf(CodecError)
        }
      }),
      { numRuns: 2000 },
    )
  })

  test("with a length beyond the end are refused without an allocation", () => {
    expect(() => compiled.decode(Uint8Array.of(0x0a, 0xff, 0xff, 0xff, 0xff, 0x07))).toThrow(
      /ends in the middle/,
    )
  })

  test("that nest too deeply are refused", () => {
    let bytes: Uint8Array = Uint8Array.of(0x0a, 0)
    const wrap = (tag: number) => {
      const head = [tag]
      for (let rest = bytes.length; ; rest >>>= 7) {
        if (rest < 128) {
          head.push(rest)
          break
        }
        head.push((rest & 127) | 128)
      }
      bytes = Buffer.concat([Uint8Array.from(head), bytes])
    }
    for (let i = 0; i < 200; i++) wrap(0x12)
    wrap(0x7a)
    expect(() => compiled.decode(bytes)).toThrow(/deeply/)
    expect(() => compiled.decode(Buffer.alloc(1000, 0x9b))).toThrow(CodecError)
  })

  test("that repeat a message at every level are read in one pass", () => {
    // Each level holds the next one, and once more an empty one that is to be merged with it.
    let bytes: Uint8Array = new Uint8Array()
    for (let i = 0; i < 90; i++) {
      const head = bytes.length < 128 ? [bytes.length] : [(bytes.length & 127) | 128, bytes.length >> 7]
      bytes = Buffer.concat([Uint8Array.of(0x12, ...head), bytes, Uint8Array.of(0x12, 0)])
    }
    const codec = compileCodec(shape("Customer"))
    expect(JSON.parse(codec.toJson(bytes))).toEqual(codec.decode(bytes))
  })

  test("may be in any order, unpacked, repeated, with unknown fields", () => {
    const bytes = Buffer.concat([
      // An unknown varint, fixed64, bytes, group and fixed32.
      Uint8Array.of(0xc0, 0x3e, 1),
      Uint8Array.of(0xc1, 0x3e, 1, 2, 3, 4, 5, 6, 7, 8),
      Uint8Array.of(0xc2, 0x3e, 2, 1, 1),
      Uint8Array.of(0xc3, 0x3e, 0x08, 1, 0xc4, 0x3e),
      Uint8Array.of(0xc5, 0x3e, 1, 2, 3, 4),
      // scores, not packed, and a packed one.
      Uint8Array.of(0x59, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f),
      Uint8Array.of(0x5a, 8, 0, 0, 0, 0, 0, 0, 0, 0x40),
      // customer in two parts, to be merged.
      Uint8Array.of(0x7a, 3, 0x0a, 1, 0x61),
      Uint8Array.of(0x7a, 3, 0x1a, 1, 0x62),
      // id twice: the last one counts.
      Uint8Array.of(0x0a, 1, 0x61, 0x0a, 1, 0x7a),
      // extra
      Uint8Array.of(0x92, 0x01, 1, 0x31),
    ])
    const value = compiled.decode(bytes) as typeof order
    expect(value.scores).toEqual([1, 2])
    expect(value.customer).toEqual({ name: "a", constructor: "b" })
    expect(value.id).toBe("z")
    expect(JSON.parse(compiled.toJson(bytes))).toEqual(value)
    expect(reference.decode(bytes)).toEqual(value)
  })

  test("with text that is no UTF-8 are refused", () => {
    expect(() => compiled.decode(Uint8Array.of(0x0a, 2, 0xc0, 0x80))).toThrow(/UTF-8/)
    expect(compiled.decode(bytesOf(compiled.encode({ ...order, id: "\ufffd" })))).toHaveProperty(
      "id",
      "\ufffd",
    )
  })
})

test("where code must not be generated from strings, the interpreter does the same", async () => {
  const hold = globalThis.Function
  try {
    globalThis.Function = class {
      constructor() {
        throw new EvalError("Code generation from strings disallowed for this context")
      }
    } as never
    vi.resetModules()
    const fresh = await import("../../src/codec/codec.ts")
    const codec = fresh.compileCodec(shape("Order"))
    expect(codec).toBeInstanceOf(fresh.InterpretedCodec)
    expect(codec.decode(bytesOf(codec.encode(order)))).toStrictEqual(order)
  } finally {
    globalThis.Function = hold
  }
})
