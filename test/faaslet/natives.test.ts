import { beforeAll, expect, test } from "vitest"
import type { TestHost } from "./host.ts"
import { host, show } from "./pack-test.ts"

let guest: TestHost

beforeAll(async () => {
  guest = await host([show("(0, eval)(inv.variables[1])")])
})

function evaluate(code: string): unknown {
  const reply = guest.invoke({ variables: [{ name: "code", value: { case: "text", value: code } }] })
  if (reply.failure) throw new Error(reply.failure.message)
  return JSON.parse(new TextDecoder().decode(reply.body.value as Uint8Array))
}

test("utf8Encode", () => {
  const encode = (literal: string) => evaluate(`Array.from(__native.utf8Encode(${literal}))`)
  for (const text of ["", "abc", "é€👋", "x".repeat(70_000)]) {
    expect(encode(JSON.stringify(text))).toEqual([...new TextEncoder().encode(text)])
  }
  expect(encode('"a\\ud800b\\udfff"')).toEqual([...new TextEncoder().encode("a\ufffdb\ufffd")])
  expect(evaluate("__native.utf8Encode('a') instanceof Uint8Array")).toBe(true)
  expect(() => evaluate("__native.utf8Encode(5)")).toThrow("TypeError")
})

test.each([
  [[0x61, 0xc3, 0xa9, 0xf0, 0x9f, 0x91, 0x8b]],
  [[0xff]],
  [[0xc0, 0x80]],
  [[0xed, 0xa0, 0x80]],
  [[0xf4, 0x90, 0x80, 0x80]],
  [[0xe2, 0x82]],
  [[0xe2, 0x82, 0x61, 0xf0, 0x9f, 0x91, 0xf0, 0x9f, 0xc3, 0xe0, 0x80, 0x80]],
  [[0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x80]],
  [[0xef, 0xbb, 0xbf, 0x61]],
])("utf8Decode %j", (bytes) => {
  const array = `new Uint8Array(${JSON.stringify(bytes)})`
  const fatal = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
  let expected: string | undefined
  try {
    expected = fatal.decode(Uint8Array.from(bytes))
  } catch {
    // Malformed.
  }
  if (expected === undefined) {
    expect(() => evaluate(`__native.utf8Decode(${array}, true)`)).toThrow("TypeError")
    const lenient = new TextDecoder("utf-8", { ignoreBOM: true })
    expect(evaluate(`__native.utf8Decode(${array}, false)`)).toBe(lenient.decode(Uint8Array.from(bytes)))
  } else {
    expect(evaluate(`__native.utf8Decode(${array}, true)`)).toBe(expected)
    expect(evaluate(`__native.utf8Decode(${array}.buffer)`)).toBe(expected)
  }
})

test("utf8Decode of a part of a buffer", () => {
  expect(evaluate("__native.utf8Decode(new Uint8Array([97, 98, 99, 100]).subarray(1, 3))")).toBe("bc")
  expect(evaluate("__native.utf8Decode(new Uint8Array(0))")).toBe("")
  expect(evaluate("__native.utf8Decode(new ArrayBuffer(0))")).toBe("")
  expect(() => evaluate("__native.utf8Decode('text')")).toThrow("TypeError")
})

test("log", () => {
  guest.lines = []
  evaluate("__native.log(0, 'out é'), __native.log(2, 'err\\nor'), 1")
  expect(guest.lines).toEqual([
    { fd: 1, text: "out é\n" },
    { fd: 2, text: "err\nor\n" },
  ])
})

test("randomBytes and now", () => {
  expect(evaluate("__native.randomBytes(5).length")).toBe(5)
  expect(evaluate("__native.randomBytes(65536).length")).toBe(65536)
  expect(() => evaluate("__native.randomBytes(65537)")).toThrow("TypeError")
  expect(() => evaluate("__native.randomBytes(-1)")).toThrow("TypeError")
  expect(evaluate("__native.now() > 0")).toBe(true)
})
