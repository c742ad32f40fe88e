import { create, fromBinary, toBinary } from "@bufbuild/protobuf"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { decodeReply } from "../../src/gateway/decode-reply.ts"
import { GatewayError } from "../../src/gateway/gateway-error.ts"
import { ProtoWriter } from "../../src/gateway/proto-writer.ts"
import {
  HeaderMode,
  HeaderSchema,
  InvocationSchema,
  ReplySchema,
  VariableSchema,
} from "../../src/gen/hono_faasm/v1/invocation_pb.ts"

describe("ProtoWriter", () => {
  it("writes what protobuf-es reads", () => {
    const writer = new ProtoWriter()
    const text = fc.string({ unit: "grapheme", maxLength: 300 })
    fc.assert(
      fc.property(
        fc.array(fc.tuple(text, text)),
        fc.uint8Array(),
        fc.array(fc.nat()),
        (headers, body, absent) => {
          writer.start()
          for (const [name, value] of headers) {
            const field = writer.open(0x32)
            writer.string(0x0a, name)
            writer.string(0x12, value)
            writer.close(field)
          }
          writer.bytes(0x3a, body)
          for (const index of absent) writer.index(0x48, index)
          const read = fromBinary(InvocationSchema, writer.finish())
          expect(read.headers.map(({ name, value }) => [name, value])).toEqual(headers)
          expect(read.body).toEqual(body)
          expect(read.absentParams).toEqual(absent)
        },
      ),
    )
  })

  it("writes nested messages of every length prefix", () => {
    const writer = new ProtoWriter()
    for (const length of [0, 1, 100, 127, 128, 16_383, 16_384, 70_000, 2_100_000]) {
      const value = "x".repeat(length)
      const field = writer.start().open(0x32)
      writer.string(0x12, value)
      writer.close(field)
      expect(fromBinary(InvocationSchema, writer.finish()).headers).toEqual([create(HeaderSchema, { value })])
    }
  })

  it("writes lone surrogates as U+FFFD", () => {
    const writer = new ProtoWriter().start()
    writer.string(0x2a, "a\ud800b")
    expect(fromBinary(InvocationSchema, writer.finish()).url).toBe("a\ufffdb")
  })
})

describe("decodeReply", () => {
  const full = create(ReplySchema, {
    schemaHash: 0x0123456789abcdefn,
    status: 201,
    headers: [
      { name: "x-a", value: "1" },
      { name: "x-b", value: "ünïcode ".repeat(20), mode: HeaderMode.APPEND },
      { name: "x-c", mode: HeaderMode.DELETE },
    ],
    body: { case: "raw", value: new Uint8Array([1, 2, 3]) },
    plain: true,
    variables: [
      create(VariableSchema, { name: "t", value: { case: "text", value: "x" } }),
      create(VariableSchema, { name: "n", value: { case: "number", value: -0.5 } }),
      create(VariableSchema, { name: "b", value: { case: "boolean", value: true } }),
      create(VariableSchema, { name: "j", value: { case: "json", value: '{"a":[null]}' } }),
    ],
    thrown: { name: "Error", message: "m", stack: "s" },
    fallbackReason: "why",
    notFound: true,
  })

  it("reads what protobuf-es writes", () => {
    expect(decodeReply(toBinary(ReplySchema, full))).toEqual({
      schemaHash: "0123456789abcdef",
      status: 201,
      headers: ["x-a", "1", 0, "x-b", "ünïcode ".repeat(20), 1, "x-c", "", 2],
      body: { raw: new Uint8Array([1, 2, 3]) },
      plain: true,
      variables: ["t", "x", "n", -0.5, "b", true, "j", { a: [null] }],
      thrown: { name: "Error", message: "m", stack: "s" },
      failure: undefined,
      fallbackReason: "why",
      notFound: true,
    })
  })

  it("reads the JSON form to the same", () => {
    const json = {
      schemaHash: "0123456789abcdef",
      status: 201,
      headers: [
        { name: "x-a", value: "1" },
        { name: "x-b", value: "2", mode: 1 },
        { name: "x-c", value: "", mode: "HEADER_MODE_DELETE" },
      ],
      bodyJson: { a: [1] },
      variables: [
        { name: "t", text: "x" },
        { name: "j", json: null },
        { name: "u", unavailable: "Map" },
      ],
      failure: { kind: 6, message: "slow" },
    }
    expect(decodeReply(Buffer.from(JSON.stringify(json)))).toEqual({
      schemaHash: "0123456789abcdef",
      status: 201,
      headers: ["x-a", "1", 0, "x-b", "2", 1, "x-c", "", 2],
      body: { json: '{"a":[1]}' },
      plain: false,
      variables: ["t", "x", "j", null],
      thrown: undefined,
      failure: { kind: 6, message: "slow", stack: "" },
      fallbackReason: "",
      notFound: false,
    })
  })

  it.each([
    ["a\r\nb", "v"],
    ["", "v"],
    ["a b", "v"],
    ["a", "v\r\nset-cookie: b=1"],
    ["a", "v\0"],
    ["a", "\u0100"],
  ])("refuses a header that no response can have: %j: %j", (name, value) => {
    const header = { name, value }
    const bytes = toBinary(ReplySchema, create(ReplySchema, { schemaHash: 1n, headers: [header] }))
    const json = JSON.stringify({ schemaHash: "x", headers: [header] })
    for (const output of [bytes, Buffer.from(json)])
      expect(() => decodeReply(output)).toThrow(expect.objectContaining({ code: "bad_reply" }))
  })

  it("refuses a status that no response can have", () => {
    for (const status of [1, 199, 600, 2 ** 32 - 1]) {
      expect(() =>
        decodeReply(toBinary(ReplySchema, create(ReplySchema, { schemaHash: 1n, status }))),
      ).toThrow("status")
      expect(() => decodeReply(Buffer.from(JSON.stringify({ schemaHash: "x", status })))).toThrow("status")
    }
  })

  it("takes hostile input for an error and nothing else", () => {
    const bytes = toBinary(ReplySchema, full)
    const attempt = (input: Uint8Array) => {
      try {
        decodeReply(input)
      } catch (error) {
        expect(error).toBeInstanceOf(GatewayError)
      }
    }
    for (let length = 0; length < bytes.length; length++) attempt(bytes.subarray(0, length))
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, value) => {
        const changed = bytes.slice()
        changed[at] = value
        attempt(changed)
      }),
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (random) => attempt(Buffer.from([9, ...random]))),
    )
    fc.assert(fc.property(fc.json(), (text) => attempt(Buffer.from(`{"schemaHash":"x","headers":${text}}`))))
  })

  it("refuses what is nested too deeply, and takes no inherited name for a kind of failure", () => {
    // Newer engines write any depth; older ones run out of stack. Neither may end as another error.
    const body = "[".repeat(200_000) + "]".repeat(200_000)
    let outcome: unknown
    try {
      outcome = decodeReply(Buffer.from(`{"schemaHash":"x","bodyJson":${body}}`)).body
    } catch (error) {
      outcome = error
    }
    if (outcome instanceof GatewayError) expect(outcome.message).toContain("nested too deeply")
    else expect(outcome === body || (outcome as { json?: string }).json === body).toBe(true)
    for (const kind of ["toString", "__proto__"])
      expect(decodeReply(Buffer.from(JSON.stringify({ failure: { kind } }))).failure?.kind).toBe(0)
  })
})
