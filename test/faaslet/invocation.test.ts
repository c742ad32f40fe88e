import { create, toBinary } from "@bufbuild/protobuf"
import fc from "fast-check"
import { beforeAll, describe, expect, test } from "vitest"
import { FailureKind, InvocationSchema, type Reply } from "../../src/gen/hono_faasm/v1/invocation_pb.ts"
import { SCHEMA_HASH, SCHEMA_HASH_TEXT, type TestHost } from "./host.ts"
import { host, show } from "./pack-test.ts"
import type { TestSchema } from "./schema.ts"

const schema: TestSchema = {
  messages: {
    Body: { fields: { name: "string", at: { type: "string", date: true, optional: true } } },
    Request: {
      fields: { json: { type: "Body", optional: true }, dates: { type: "", map: "Body", optional: true } },
    },
    Response: { response: true, fields: { ok: { type: "Body", status: 200 } } },
  },
}

const REPLY = (code: string) => `(inv) => (${code})`

const HANDLERS = [
  show("inv"),
  show("[inv.body instanceof Uint8Array, Array.from(inv.body)]"),
  REPLY(`{ status: 201, headers: ["a", "1", 0, "set-cookie", "b=c", 1, "x", "", 2], kind: 2, body: new Uint8Array([0, 255, 128]), plain: true,
    variables: ["s", "text", "n", -0.5, "b", true, "nothing", null, "o", { a: [1] }, "u", undefined, "f", () => 1, "m", new Map(), "z", 0, "big", 1n] }`),
  REPLY("{ status: 404, headers: [], kind: 4 }"),
  REPLY(
    '{ status: 200, headers: [], kind: 3, body: "caf\\u00e9 \\ud800", thrown: { name: "Error", message: "m", stack: "s" } }',
  ),
  REPLY('{ failure: { kind: 8, message: "why", stack: "where" } }'),
  REPLY('{ status: 200, headers: [], kind: 1, body: { name: "n" } }'),
  REPLY("{ status: 200, headers: [], kind: 1, body: { name: 5 } }"),
  REPLY("undefined"),
  REPLY("{ status: 200, headers: [], kind: 9 }"),
  REPLY('{ status: 200, headers: ["odd"], kind: 0 }'),
  show("[inv.input.json.at instanceof Date, inv.input.dates?.d.at instanceof Date, inv.input.json]"),
  REPLY("{ status: 204, headers: [], kind: 2, body: new ArrayBuffer(3) }"),
  REPLY("{ status: 200, headers: [], kind: 1, body: undefined }"),
  REPLY('{ status: 200, headers: [], kind: 2, body: "no bytes" }'),
]

let guest: TestHost

beforeAll(async () => {
  guest = await host(HANDLERS, schema, "Request", "Response")
})

function text(reply: Reply): unknown {
  expect(reply.failure).toBeUndefined()
  return JSON.parse(new TextDecoder().decode(reply.body.value as Uint8Array))
}

describe("protobuf", () => {
  test("tells where the time went, when asked and there is a response", () => {
    const { handlerUs, encodeUs } = guest.invoke({ route: 3, phases: true }).phases!
    expect(handlerUs).toBeGreaterThan(0)
    expect(encodeUs).toBeGreaterThan(0)
    expect(guest.invoke({ route: 3 }).phases).toBeUndefined()
    expect(guest.invoke({ route: 8, phases: true }).phases).toBeUndefined()
  })

  test("what a handler can see", () => {
    const reply = guest.invoke({
      method: "POST",
      url: "http://h/p?q=ü",
      headers: [
        { name: "accept", value: "*/*" },
        { name: "empty", value: "" },
      ],
      params: ["a", "", "c"],
      absentParams: [1],
      variables: [
        { name: "text", value: { case: "text", value: "v" } },
        { name: "number", value: { case: "number", value: 1.5 } },
        { name: "boolean", value: { case: "boolean", value: false } },
        { name: "json", value: { case: "json", value: '{"a":[null]}' } },
        { name: "socket", value: { case: "unavailable", value: "Socket" } },
      ],
      input: { case: "message", value: Uint8Array.of(0x0a, 3, 0x0a, 1, 110) },
    })
    expect(text(reply)).toEqual({
      route: 0,
      method: "POST",
      url: "http://h/p?q=ü",
      headers: ["accept", "*/*", "empty", ""],
      params: ["a", null, "c"],
      variables: [
        "text",
        "v",
        "number",
        1.5,
        "boolean",
        false,
        "json",
        { a: [null] },
        "socket",
        { unavailable: "socket:Socket" },
      ],
      input: { json: { name: "n" } },
    })
    expect(reply.schemaHash).toBe(SCHEMA_HASH)
  })

  test("what is not sent is undefined; the method is GET", () => {
    expect(text(guest.invoke({}))).toEqual({ route: 0, method: "GET" })
  })

  test("bytes", () => {
    expect(text(guest.invoke({ route: 1, body: Uint8Array.of(0, 1, 255) }))).toEqual([true, [0, 1, 255]])
    expect(text(guest.invoke({ route: 1, body: new Uint8Array() }))).toEqual([true, []])
  })

  test("a message as JSON text, with its dates", () => {
    const value =
      '{"json":{"name":"j","at":"2024-01-01T00:00:00.000Z"},"dates":{"d":{"name":"","at":"2024-01-01T00:00:00.000Z"}}}'
    expect(text(guest.invoke({ route: 11, input: { case: "messageJson", value } }))).toEqual([
      true,
      true,
      { name: "j", at: "2024-01-01T00:00:00.000Z" },
    ])
  })

  test("what a handler can answer", () => {
    const reply = guest.invoke({ route: 2 })
    expect(reply).toMatchObject({
      status: 201,
      plain: true,
      headers: [
        { name: "a", value: "1", mode: 0 },
        { name: "set-cookie", value: "b=c", mode: 1 },
        { name: "x", value: "", mode: 2 },
      ],
      body: { case: "raw", value: Uint8Array.of(0, 255, 128) },
    })
    expect(
      Object.fromEntries(reply.variables.map(({ name, value }) => [name, [value.case, value.value]])),
    ).toEqual({
      s: ["text", "text"],
      n: ["number", -0.5],
      b: ["boolean", true],
      nothing: ["json", "null"],
      o: ["json", '{"a":[1]}'],
      f: ["unavailable", "function"],
      m: ["unavailable", "Map"],
      z: ["number", 0],
      big: ["unavailable", "a value that JSON has no text for"],
    })
    expect(guest.invoke({ route: 3 })).toMatchObject({ notFound: true, status: 404 })
    expect(guest.invoke({ route: 4 })).toMatchObject({
      body: { case: "raw", value: new TextEncoder().encode("café \ufffd") },
      thrown: { name: "Error", message: "m", stack: "s" },
    })
    expect(guest.invoke({ route: 5 }).failure).toMatchObject({ kind: 8, message: "why", stack: "where" })
    expect(guest.invoke({ route: 6 }).body).toEqual({
      case: "message",
      value: Uint8Array.of(0x0a, 3, 0x0a, 1, 110),
    })
    expect(guest.invoke({ route: 7 })).toMatchObject({
      body: { case: "json", value: '{"name":5}' },
      fallbackReason: "$.name: not a string",
    })
    expect(guest.invoke({ route: 12 }).body).toEqual({ case: "raw", value: new Uint8Array(3) })
    expect(guest.invoke({ route: 13 }).body).toEqual({ case: "raw", value: new Uint8Array(0) })
  })

  test.each([8, 9, 10, 14])("no response: route %i", (route) => {
    expect(guest.invoke({ route }).failure?.kind).toBe(FailureKind.BAD_RESPONSE)
  })

  test("another schema, an unknown route", () => {
    expect(guest.invoke({ schemaHash: 5n }).failure?.kind).toBe(FailureKind.SCHEMA_MISMATCH)
    expect(guest.invoke({ route: 99 }).failure?.kind).toBe(FailureKind.UNKNOWN_ROUTE)
    expect(guest.invoke({ route: 0xffffffff }).failure?.kind).toBe(FailureKind.UNKNOWN_ROUTE)
    expect(guest.invoke({ schemaHash: 5n }).schemaHash).toBe(SCHEMA_HASH)
  })

  test("any bytes are answered, malformed ones by a failure", () => {
    const valid = toBinary(
      InvocationSchema,
      create(InvocationSchema, {
        schemaHash: SCHEMA_HASH,
        method: "POST",
        url: "http://h/",
        headers: [{ name: "a", value: "b" }],
        body: Uint8Array.of(1),
        params: ["p"],
        absentParams: [0],
        variables: [{ name: "v", value: { case: "json", value: "[1]" } }],
        input: { case: "message", value: Uint8Array.of(0x0a, 3, 0x0a, 1, 110) },
      }),
    )
    const mutated = fc
      .array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
      .map((changes) => {
        const bytes = valid.slice()
        for (const [at, byte] of changes) bytes[at] = byte
        return bytes
      })
    const cut = fc.nat(valid.length - 1).map((length) => valid.slice(0, length))
    const noise = fc
      .uint8Array({ maxLength: 64 })
      .map((bytes) => Uint8Array.from([...valid.slice(0, 9), ...bytes]))
    fc.assert(
      fc.property(fc.oneof(mutated, cut, noise), (bytes) => {
        const output = guest.run(bytes)
        expect(output[0] === 0x09 || output[0] === 0x7b).toBe(true)
      }),
      { numRuns: 400 },
    )
  })
})

describe("JSON", () => {
  test("what a handler can see", () => {
    const reply = guest.invokeJson({
      route: 0,
      method: "POST",
      url: "http://h/p",
      headers: [{ name: "accept", value: "*/*" }],
      params: ["a", "b"],
      absentParams: [1],
      variables: [
        { name: "text", text: "v" },
        { name: "number", number: 2 },
        { name: "boolean", boolean: true },
        { name: "json", json: { a: [null] } },
        { name: "socket", unavailable: "Socket" },
      ],
      messageJson: { json: { name: "n" } },
    })
    expect(JSON.parse(Buffer.from(reply.raw, "base64").toString())).toEqual({
      route: 0,
      method: "POST",
      url: "http://h/p",
      headers: ["accept", "*/*"],
      params: ["a", null],
      variables: [
        "text",
        "v",
        "number",
        2,
        "boolean",
        true,
        "json",
        { a: [null] },
        "socket",
        { unavailable: "socket:Socket" },
      ],
      input: { json: { name: "n" } },
    })
    expect(reply.schemaHash).toBe(SCHEMA_HASH_TEXT)
  })

  test.each([0, 1, 2, 3, 4, 5, 100])("a body of %i bytes", (length) => {
    const bytes = Uint8Array.from({ length }, (_, at) => at * 37)
    const reply = guest.invokeJson({ route: 1, body: Buffer.from(bytes).toString("base64") })
    expect(JSON.parse(Buffer.from(reply.raw, "base64").toString())).toEqual([true, [...bytes]])
  })

  test("dates", () => {
    const reply = guest.invokeJson({
      route: 11,
      messageJson: { json: { name: "j", at: "2024-01-01T00:00:00.000Z" } },
    })
    expect(JSON.parse(Buffer.from(reply.raw, "base64").toString())[0]).toBe(true)
  })

  test("what a handler can answer", () => {
    expect(guest.invokeJson({ route: 2 })).toEqual({
      schemaHash: SCHEMA_HASH_TEXT,
      status: 201,
      headers: [
        { name: "a", value: "1" },
        { name: "set-cookie", value: "b=c", mode: 1 },
        { name: "x", value: "", mode: 2 },
      ],
      raw: Buffer.of(0, 255, 128).toString("base64"),
      plain: true,
      variables: [
        { name: "s", text: "text" },
        { name: "n", number: -0.5 },
        { name: "b", boolean: true },
        { name: "nothing", json: null },
        { name: "o", json: { a: [1] } },
        { name: "f", unavailable: "function" },
        { name: "m", unavailable: "Map" },
        { name: "z", number: 0 },
        { name: "big", unavailable: "a value that JSON has no text for" },
      ],
    })
    expect(guest.invokeJson({ route: 3 })).toMatchObject({ notFound: true })
    expect(guest.invokeJson({ route: 4 })).toMatchObject({
      raw: Buffer.from("café \ufffd").toString("base64"),
      thrown: { name: "Error", message: "m", stack: "s" },
    })
    expect(guest.invokeJson({ route: 5 }).failure).toEqual({ kind: 8, message: "why", stack: "where" })
    expect(guest.invokeJson({ route: 6 }).bodyJson).toEqual({ name: "n" })
    expect(guest.invokeJson({ route: 7 }).bodyJson).toEqual({ name: 5 })
    expect(guest.invokeJson({ route: 13 }).raw).toBe("")
    expect(guest.invokeJson({ route: 8 }).failure.kind).toBe(FailureKind.BAD_RESPONSE)
  })

  test("failures", () => {
    expect(guest.invokeJson({ schemaHash: "0000000000000005" }).failure.kind).toBe(
      FailureKind.SCHEMA_MISMATCH,
    )
    expect(guest.invokeJson({ route: 99 }).failure.kind).toBe(FailureKind.UNKNOWN_ROUTE)
    for (const bad of [
      { schemaHash: "xyz" },
      { schemaHash: 5 },
      { route: -1 },
      { route: "0" },
      { method: 1 },
      { headers: {} },
      { headers: [1] },
      { headers: [{ name: "a" }] },
      { params: [1] },
      { absentParams: [0] },
      { params: ["a"], absentParams: [-1] },
      { body: "?" },
      { body: 1 },
      { variables: [{}] },
    ]) {
      expect(guest.invokeJson(bad).failure?.kind, JSON.stringify(bad)).toBe(FailureKind.BAD_INVOCATION)
    }
  })

  test.each([
    "{",
    "{}",
    '{"schemaHash"',
    `{${"[".repeat(100_000)}`,
    `{"a":${"[".repeat(50_000)}${"]".repeat(50_000)}}`,
  ])("malformed %#", (input) => {
    const output = JSON.parse(new TextDecoder().decode(guest.run(new TextEncoder().encode(input))))
    expect(output.failure.kind).toBe(FailureKind.BAD_INVOCATION)
  })
})
