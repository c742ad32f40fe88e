import { fromBinary, toBinary } from "@bufbuild/protobuf"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { compileCodec, InterpretedCodec } from "../../src/codec/codec.ts"
import { CodecError } from "../../src/codec/index.ts"
import { mixedValues, shape, unions } from "./shapes.ts"

const compiled = compileCodec(shape("Unions"))
const reference = new InterpretedCodec(shape("Unions"))

function bytesOf(result: ReturnType<typeof compiled.encode>): Uint8Array {
  if ("misfit" in result) throw new Error(`${result.misfit.path} ${result.misfit.reason}`)
  return result.bytes
}

describe("a union", () => {
  test("comes back as it was, and as protobuf-es reads and writes it", () => {
    fc.assert(
      fc.property(unions, (value) => {
        const bytes = bytesOf(compiled.encode(value))
        expect(compiled.decode(bytes)).toStrictEqual(value)
        expect(reference.decode(bytes)).toStrictEqual(value)
        const theirs = bytesOf(reference.encode(value))
        expect(compiled.decode(theirs)).toStrictEqual(value)
        const desc = shape("Unions")
        expect(fromBinary(desc, bytes)).toStrictEqual(fromBinary(desc, theirs))
        expect(JSON.parse(compiled.toJson(bytes))).toStrictEqual(JSON.parse(JSON.stringify(value)))
      }),
      { numRuns: 500 },
    )
  })

  test("may be a response's body", () => {
    const codec = compileCodec(shape("GetMixedResponse"))
    fc.assert(
      fc.property(mixedValues, (value) => {
        const bytes = bytesOf(codec.encodeResponse(200, value))
        expect(codec.decode(bytes)).toStrictEqual(value)
        expect(JSON.parse(codec.toJson(bytes))).toStrictEqual(value)
      }),
    )
  })

  test("takes the first member that the value fits", () => {
    const codec = compileCodec(shape("Mixed"))
    const member = (value: unknown) => {
      const message = fromBinary(shape("Mixed"), bytesOf(codec.encode(value)))
      return (message as unknown as { value: { case: string } }).value.case
    }
    expect(member("open")).toBe("literal")
    expect(member("closed")).toBe("text")
    expect(member([])).toBe("numbers")
    expect(member([1])).toBe("numbers")
    expect(member(["1"])).toBe("texts")
    expect(member({ a: "", b: 1 })).toBe("ab")
    expect(member({ a: "" })).toBe("a")
    expect(member({})).toBe("bc")
    expect(member({ c: { c: true } })).toBe("bc")
    expect(member({ c: true })).toBe("bc")
    expect(member({ x: true })).toBe("flags")
    expect(member({ kind: "circle", r: 1 })).toBe("shape")
    expect(member(new Date(0))).toBe("text")
    expect(member({ toJSON: () => [2] })).toBe("numbers")
  })

  test("refuses what no member takes, and says where", () => {
    const mixed = { one: 1, list: [], map: {}, shapes: [] }
    for (const codec of [compiled, reference]) {
      const misfit = (value: unknown) =>
        (codec.encode(value) as { misfit: { path: string; reason: string } }).misfit
      expect(misfit({ ...mixed, one: { a: 1 } })).toEqual({
        path: "one",
        reason: "is an object that is of no member of the union",
      })
      expect(misfit({ ...mixed, list: [1, null] })?.path).toBe("list[1]")
      expect(misfit({ ...mixed, map: { k: [1, "a"] } })?.path).toBe("map.k")
      expect(misfit({ ...mixed, shapes: [{ kind: "circle", r: 1, x: 2 }] })?.path).toBe("shapes[0]")
      expect(misfit({ ...mixed, shapes: [{ kind: "star" }] })?.path).toBe("shapes[0]")
      expect(misfit({ ...mixed, one: 1n })?.path).toBe("one")
      expect(misfit({ ...mixed, one: undefined })?.path).toBe("one")
    }
  })

  test("does not take for ever where members are nested", () => {
    // Each level fits the first member until its innermost part is seen.
    let value: unknown = { b: "no member takes this" }
    for (let i = 0; i < 45; i++) value = { c: value }
    expect(compiled.encode({ one: value, list: [], map: {}, shapes: [] })).toHaveProperty("misfit")
  })

  test("counts its last member when the bytes have several, and needs one", () => {
    const codec = compileCodec(shape("Mixed"))
    const bytes = Uint8Array.of(0x10 | 1, 0, 0, 0, 0, 0, 0, 0, 0, 0x18, 1)
    for (const one of [codec, new InterpretedCodec(shape("Mixed"))]) {
      expect(one.decode(bytes)).toBe(true)
      expect(one.toJson(bytes)).toBe("true")
      expect(() => one.decode(Uint8Array.of())).toThrow(CodecError)
      expect(() => one.toJson(Uint8Array.of())).toThrow(CodecError)
    }
  })

  test("is refused or read when its bytes are damaged, and nothing else", () => {
    fc.assert(
      fc.property(unions, fc.nat(), fc.nat({ max: 255 }), fc.nat(), (value, at, byte, cut) => {
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

test("what protobuf-es writes of a union is the codec's value", () => {
  const desc = shape("Shape")
  const codec = compileCodec(desc)
  const bytes = toBinary(desc, fromBinary(desc, bytesOf(codec.encode({ kind: "set", shapes: [] }))))
  expect(codec.decode(bytes)).toEqual({ kind: "set", shapes: [] })
})
