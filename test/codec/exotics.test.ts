import { create, fromBinary, toBinary } from "@bufbuild/protobuf"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { compileCodec, InterpretedCodec } from "../../src/codec/codec.ts"
import { CodecError } from "../../src/codec/index.ts"
import { exotics, shape } from "./shapes.ts"

const codecsOf = (name: string) => [compileCodec(shape(name)), new InterpretedCodec(shape(name))] as const
const [compiled, reference] = codecsOf("Exotic")

function bytesOf(result: ReturnType<typeof compiled.encode>): Uint8Array {
  if ("misfit" in result) throw new Error(`${result.misfit.path} ${result.misfit.reason}`)
  return result.bytes
}

describe("tuples, other properties and integers", () => {
  test("come back as they were, and as protobuf-es reads and writes them", () => {
    fc.assert(
      fc.property(exotics, (value) => {
        const bytes = bytesOf(compiled.encode(value))
        expect(compiled.decode(bytes)).toStrictEqual(value)
        expect(reference.decode(bytes)).toStrictEqual(value)
        const theirs = bytesOf(reference.encode(value))
        expect(compiled.decode(theirs)).toStrictEqual(value)
        const desc = shape("Exotic")
        expect(fromBinary(desc, bytes)).toStrictEqual(fromBinary(desc, theirs))
        expect(JSON.parse(compiled.toJson(bytes))).toStrictEqual(JSON.parse(JSON.stringify(value)))
      }),
      { numRuns: 500 },
    )
  })

  test("are refused or read when their bytes are damaged, and nothing else", () => {
    fc.assert(
      fc.property(exotics, fc.nat(), fc.nat({ max: 255 }), fc.nat(), (value, at, byte, cut) => {
        const bytes = bytesOf(compiled.encode(value))
        const damaged = bytes.slice(0, bytes.length - (cut % 3))
        if (damaged.length > 0) damaged[at % damaged.length] = byte
        for (const read of [() => compiled.decode(damaged), () => compiled.toJson(damaged)]) {
          try {
            read()
          } catch (error) {
            expect(error).toBeInstanceOf(CodecError)
          }
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe("a tuple", () => {
  const trails = codecsOf("Trail")
  const pair = ["a", 1, null]

  test("has as many elements as it was given", () => {
    for (const codec of trails) {
      for (const value of [
        [pair],
        [pair, false],
        [pair, true, null],
        [pair, true, ""],
        [pair, true, "", 0],
      ]) {
        expect(codec.decode(bytesOf(codec.encode(value)))).toStrictEqual(value)
        expect(JSON.parse(codec.toJson(bytesOf(codec.encode(value))))).toStrictEqual(value)
      }
    }
  })

  test("is looked at as JSON.stringify does", () => {
    for (const codec of codecsOf("Pair")) {
      const decoded = (value: unknown) => codec.decode(bytesOf(codec.encode(value)))
      expect(decoded(["a", 1, undefined])).toStrictEqual(["a", 1, null])
      expect(decoded(["a", 1, () => 1])).toStrictEqual(["a", 1, null])
      expect(decoded({ toJSON: () => ["a", { toJSON: (key: string) => Number(key) }, "c"] })).toStrictEqual([
        "a",
        1,
        "c",
      ])
    }
  })

  test("has no other number of elements, and no others", () => {
    for (const codec of codecsOf("Pair")) {
      const misfit = (value: unknown) => (codec.encode(value) as { misfit?: { path: string } }).misfit?.path
      expect(misfit(["a"])).toBe("[1]")
      expect(misfit(["a", 1])).toBe("[2]")
      expect(misfit(["a", 1, null, 2])).toBe("")
      expect(misfit([1, 1, null])).toBe("[0]")
      expect(misfit(["a", undefined, null])).toBe("[1]")
      expect(misfit({ 0: "a", 1: 1, 2: null, length: 3 })).toBe("")
      expect(misfit("a")).toBe("")
      expect(misfit(null)).toBe("")
    }
  })

  test("has null where a client left an element out before others", () => {
    const desc = shape("Trail")
    const message = create(desc, { rest: [5] } as never)
    for (const codec of trails) {
      expect(codec.decode(toBinary(desc, message))).toStrictEqual([["", 0, null], null, null, 5])
      expect(codec.toJson(toBinary(desc, message))).toBe('[["",0,null],null,null,5]')
    }
  })
})

describe("an object with other properties", () => {
  test("keeps a property that has a field, whatever the map says", () => {
    const desc = shape("Open")
    const value = { value: { case: "text", value: "false" } }
    const message = create(desc, { name: "true", additionalProperties: { name: value, x: value } } as never)
    for (const codec of codecsOf("Open")) {
      expect(codec.decode(toBinary(desc, message))).toStrictEqual({ name: "true", x: "false" })
      expect(JSON.parse(codec.toJson(toBinary(desc, message)))).toStrictEqual({ name: "true", x: "false" })
    }
  })

  test("leaves out what JSON leaves out, and refuses what the type does not have", () => {
    for (const codec of codecsOf("Open")) {
      const decoded = (value: unknown) => codec.decode(bytesOf(codec.encode(value)))
      expect(decoded({ name: "a", x: undefined, y: () => 1, z: { toJSON: () => 1 } })).toStrictEqual({
        name: "a",
        z: 1,
      })
      const misfit = (value: unknown) => (codec.encode(value) as { misfit?: { path: string } }).misfit?.path
      expect(misfit({ name: "a", x: null })).toBe("x")
      expect(misfit({ x: "a" })).toBe("name")
      expect(misfit(["a"])).toBe("")
      const hidden = Object.defineProperty({ x: 1 }, "name", { value: "a" })
      expect(misfit(hidden)).toBe("name")
    }
  })
})

describe("an integer", () => {
  const zero = {
    int32: 0,
    uint32: 0,
    int64: 0,
    uint64: 0,
    float: 0,
    int32s: [],
    int64s: [],
    floats: [],
    byName: {},
  }

  test("is what its type has exactly", () => {
    for (const codec of codecsOf("Numbers")) {
      const misfit = (change: object) =>
        (codec.encode({ ...zero, ...change }) as { misfit?: { path: string; reason: string } }).misfit
      expect(misfit({ int32: 2 ** 31 })).toEqual({ path: "int32", reason: "is 2147483648, no int32" })
      expect(misfit({ uint32: -1 })?.path).toBe("uint32")
      expect(misfit({ int64: 2 ** 53 })?.path).toBe("int64")
      expect(misfit({ uint64: -1 })?.path).toBe("uint64")
      expect(misfit({ float: 0.1 })?.path).toBe("float")
      expect(misfit({ int32s: [1, 1.5] })?.path).toBe("int32s[1]")
      expect(misfit({ int32: "1" })?.path).toBe("int32")
      const fits = { int32: -(2 ** 31), uint32: 2 ** 32 - 1, int64: Number.MIN_SAFE_INTEGER, float: 0.5 }
      expect(codec.decode(bytesOf(codec.encode({ ...zero, ...fits })))).toStrictEqual({ ...zero, ...fits })
    }
  })

  test("of another client is refused when a number can't have it", () => {
    const desc = shape("Numbers")
    for (const codec of codecsOf("Numbers")) {
      for (const int64 of [2n ** 53n, -(2n ** 63n)]) {
        const bytes = toBinary(desc, create(desc, { int64 } as never))
        expect(() => codec.decode(bytes)).toThrow("beyond what a JavaScript number has exactly")
        expect(() => codec.toJson(bytes)).toThrow(CodecError)
      }
    }
  })
})

describe("a bigint", () => {
  test("comes back as it was, however large", () => {
    for (const codec of codecsOf("Bigints")) {
      fc.assert(
        fc.property(fc.bigInt(), fc.array(fc.bigInt()), fc.option(fc.bigInt()), (id, ids, maybe) => {
          const value = { id, ids, maybe }
          expect(codec.decode(bytesOf(codec.encode(value)))).toStrictEqual(value)
        }),
      )
      expect(codec.encode({ id: 1, ids: [], maybe: null })).toHaveProperty("misfit.path", "id")
      expect(codec.encode({ id: 10n ** 5000n, ids: [], maybe: null })).toHaveProperty("misfit")
    }
  })

  test("is refused when it is no number, or would take long to read", () => {
    const desc = shape("Bigints")
    for (const codec of codecsOf("Bigints")) {
      for (const id of ["", "1.5", "0x10", " 1", "9".repeat(5000)]) {
        const bytes = toBinary(desc, create(desc, { id } as never))
        if (id === "") continue
        expect(() => codec.decode(bytes), id.slice(0, 9)).toThrow(CodecError)
      }
    }
  })
})
