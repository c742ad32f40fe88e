import fc from "fast-check"
import { describe, expect, test, vi } from "vitest"
import { compileCodec, InterpretedCodec } from "../../src/codec/codec.ts"
import { CodecError } from "../../src/codec/index.ts"
import { JsonWriter, NOT_CANONICAL, ShortText } from "../../src/codec/json-writer.ts"
import { Reader } from "../../src/codec/reader.ts"
import { exotics, mixedValues, orders, shape, unions } from "./shapes.ts"

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString()

/** What is read of the bytes, or the code of the error. */
function outcome(read: () => string): string {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof CodecError)) throw error
    return `error ${error.code}`
  }
}

/** Bytes that are not quite those of an encoder. */
const damage = fc.record({
  flips: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
  cut: fc.nat(),
  repeat: fc.nat({ max: 3 }),
})

describe.each([
  ["Order", orders],
  ["Unions", unions],
  ["Exotic", exotics],
] as [string, fc.Arbitrary<unknown>][])("JSON text in bytes, of the message %s", (name, values) => {
  const codec = compileCodec(shape(name))
  const bytesOf = (value: unknown) => {
    const result = codec.encode(value)
    if ("misfit" in result) throw new Error(`${result.misfit.path} ${result.misfit.reason}`)
    return result.bytes
  }

  test("is that of the general decoder, to the letter", () => {
    fc.assert(
      fc.property(values, (value) => {
        const bytes = bytesOf(value)
        expect(text(codec.toJsonBytes(bytes))).toBe(codec.toJson(bytes))
        expect(JSON.parse(text(new InterpretedCodec(shape(name)).toJsonBytes(bytes)))).toEqual(
          JSON.parse(codec.toJson(bytes)),
        )
      }),
      { numRuns: 300 },
    )
  })

  test("needs no general decoder for what an encoder wrote in order", () => {
    const general = vi.spyOn(codec, "toJson")
    fc.assert(
      fc.property(values, (value) => {
        // Tuples and open objects are read by the general decoder within the pass, by a codec of their own.
        codec.toJsonBytes(bytesOf(codec.decode(bytesOf(value))))
      }),
      { numRuns: 300 },
    )
    expect(general).not.toHaveBeenCalled()
    general.mockRestore()
  })

  test("is that of the general decoder for bytes that no encoder of ours writes, or the same error", () => {
    fc.assert(
      fc.property(values, damage, (value, { flips, cut, repeat }) => {
        let bytes = bytesOf(value)
        for (const [at, byte] of flips) bytes[at % bytes.length] = byte
        // Fields again, and in another order.
        if (repeat > 0) bytes = Buffer.concat([bytes.subarray(cut % (bytes.length + 1)), bytes])
        if (repeat > 1) bytes = bytes.subarray(0, cut % (bytes.length + 1))
        expect(outcome(() => text(codec.toJsonBytes(bytes)))).toBe(outcome(() => codec.toJson(bytes)))
      }),
      { numRuns: 1000 },
    )
  })
})

test("a response's body is written by its status", () => {
  const codec = compileCodec(shape("GetMixedResponse"))
  fc.assert(
    fc.property(mixedValues, (value) => {
      const result = codec.encodeResponse(200, value)
      if ("misfit" in result) throw new Error(result.misfit.reason)
      expect(text(codec.toJsonBytes(result.bytes))).toBe(codec.toJson(result.bytes))
    }),
  )
  expect(() => codec.toJsonBytes(new Uint8Array())).toThrow(CodecError)
})

test("messages that nest too deeply are refused", () => {
  let bytes: Uint8Array = new Uint8Array()
  for (let i = 0; i < 200; i++) {
    const head = bytes.length < 128 ? [bytes.length] : [(bytes.length & 127) | 128, bytes.length >> 7]
    bytes = Buffer.concat([Uint8Array.of(0x12, ...head), bytes])
  }
  expect(() => compileCodec(shape("Customer")).toJsonBytes(bytes)).toThrow(/deeply/)
})

test.each([
  ["a map's key again", "Anything", "1a060a0161120131" + "1a060a0161120132"],
  ["a field of the number 0 at the end", "Line", "0a016100"],
  ["a field of the number 0 in two bytes", "Line", "0a01618000"],
])("%s is found", (_, name, hex) => {
  const codec = compileCodec(shape(name))
  const bytes = Buffer.from(hex, "hex")
  expect(outcome(() => text(codec.toJsonBytes(bytes)))).toBe(outcome(() => codec.toJson(bytes)))
})

test("a message of much more JSON text than bytes is refused", () => {
  const codec = compileCodec(shape("Order"))
  // Lines without anything in them, as many as it takes.
  const lines = Buffer.alloc(2 * 8_000_000)
  const tag = (codec.desc.fields.find(({ name }) => name === "lines")!.number << 3) | 2
  for (let i = 0; i < lines.length; i += 2) lines[i] = tag
  expect(outcome(() => text(codec.toJsonBytes(lines)))).toBe("error too_large")
})

describe("JsonWriter", () => {
  const written = (write: (writer: JsonWriter) => void) => {
    const writer = new JsonWriter()
    write(writer)
    return text(writer.finish())
  }

  test("writes numbers as JSON.stringify does", () => {
    const tricky = fc.constantFrom(
      0,
      -0,
      0.001,
      -0.001,
      0.1 + 0.2,
      1e21,
      1e-7,
      5e-324,
      2 ** 31,
      -(2 ** 31),
      1.005,
    )
    const decimals = fc.tuple(fc.integer(), fc.nat({ max: 6 })).map(([n, places]) => n / 10 ** places)
    fc.assert(
      fc.property(fc.oneof(fc.double(), fc.integer(), decimals, tricky), (value) => {
        expect(written((writer) => writer.number(value))).toBe(JSON.stringify(value))
      }),
      { numRuns: 20_000 },
    )
  })

  test("writes strings as JSON.stringify does, wherever they lie", () => {
    const strings = fc.oneof(
      fc.string({ unit: "binary", maxLength: 80 }),
      fc.string({ maxLength: 80 }),
      fc.string({ unit: fc.constantFrom("a", '"', "\\", "\x7f", "\x1f", " ", "~", "é") }),
    )
    fc.assert(
      fc.property(strings, fc.nat({ max: 5 }), (value, before) => {
        const body = Buffer.from(value)
        const head = body.length < 128 ? [body.length] : [(body.length & 127) | 128, body.length >> 7]
        const reader = new Reader(Buffer.concat([Buffer.alloc(before), Uint8Array.from(head), body]))
        reader.at = before
        expect(written((writer) => writer.string(reader, reader.bytes.length))).toBe(JSON.stringify(value))
        expect(reader.at).toBe(reader.bytes.length)
      }),
      { numRuns: 5000 },
    )
  })

  test("grows", () => {
    const key = new ShortText('"clé":')
    const result = written((writer) => {
      const start = writer.open("object")
      for (let i = 0; i < 2000; i++) {
        writer.key(key)
        writer.value(new ShortText("true"))
      }
      writer.close("object", start)
    })
    expect(result).toBe(`{${'"clé":true,'.repeat(2000).slice(0, -1)}}`)
  })

  test.each([3, 50])("finds a key again among %d, and tells maps apart", (count) => {
    const writer = new JsonWriter()
    const note = (keys: number, key: string) => {
      const at = writer.at
      writer.text(JSON.stringify(key))
      writer.once(keys, at)
      writer.colon()
    }
    writer.start()
    const outer = writer.beginKeys()
    for (let i = 0; i < count; i++) {
      note(outer, `key ${i}`)
      const inner = writer.beginKeys()
      for (let j = 0; j < count; j++) note(inner, `key ${j}`)
      expect(() => note(inner, "key 1")).toThrow()
      writer.endKeys(inner)
    }
    for (let i = 0; i < count; i++) expect(() => note(outer, `key ${i}`)).toThrow()
    expect(() => note(outer, "key 1")).toThrow(expect.toSatisfy((thrown) => thrown === NOT_CANONICAL))
    writer.start()
    note(writer.beginKeys(), "key 1")
  })
})
