import { readFile } from "node:fs/promises"
import { describe, expect, test } from "vitest"
import wabt from "wabt"
import { GUEST_NAMES, GUEST_TEXTS } from "../../src/faaslet/names.ts"
import { packFaaslet } from "../../src/faaslet/pack.ts"
import { findSection, readSections, SECTION } from "../../src/faaslet/wasm-binary.ts"
import { TestHost } from "./host.ts"
import { host, options, show } from "./pack-test.ts"

describe("a packed function", () => {
  test("follows the function contract", async () => {
    const { wasm } = await packFaaslet(options([show("1")]))
    const guest = new TestHost(wasm)
    expect(guest.exports.sort()).toEqual(["_start", "memory"])
    const allowed = ["env.__faasm_read_input", "env.__faasm_write_output"]
    for (const name of ["clock_time_get", "fd_close", "fd_fdstat_get", "fd_seek", "fd_write", "random_get"]) {
      allowed.push(`wasi_snapshot_preview1.${name}`)
    }
    expect(guest.imports.filter((name) => !allowed.includes(name))).toEqual([])
    expect(new Set(guest.imports).size).toBe(guest.imports.length)
    // One memory with a maximum that is its minimum.
    const memory = [...findSection(readSections(wasm), SECTION.memory)!]
    expect(memory.slice(0, 2)).toEqual([1, 1])
    expect(memory.slice(2, 2 + (memory.length - 2) / 2)).toEqual(memory.slice(2 + (memory.length - 2) / 2))
    const module = (await wabt()).readWasm(wasm, {
      mutable_globals: true,
      sign_extension: true,
      bulk_memory: true,
      sat_float_to_int: false,
      simd: false,
      multi_value: false,
      reference_types: false,
      exceptions: false,
      threads: false,
      tail_call: false,
    })
    module.validate()
    module.destroy()
  })

  test("is the same for the same options, and small", async () => {
    const bundle = "var later = { id: 1 };"
    const make = async () => {
      const packed = options([show("[globalThis.seen, 1]")])
      packed.bundle += `\n${bundle}\nglobalThis.seen = [Math.random(), Date.now(), String(__native.randomBytes(4))]`
      return (await packFaaslet(packed)).wasm
    }
    const [first, second] = [await make(), await make()]
    expect(Buffer.compare(first, second)).toBe(0)
    expect(first.length).toBeLessThan(900_000)
  })

  test("has run what the bundle does when it is loaded", async () => {
    const packed = options([show("[globalThis.counter, globalThis.warm]")])
    packed.bundle += `
globalThis.counter = 0
Promise.resolve().then(() => counter++)
__honoFaasm.warmUp = async () => { await null; globalThis.warm = true; __native.log(0, "warming") }`
    const { wasm, appRoutes, log } = await packFaaslet(packed)
    expect(appRoutes).toEqual([{ method: "GET", path: "/0" }])
    expect(log).toBe("warming\n")
    const reply = new TestHost(wasm).invoke({})
    expect(new TextDecoder().decode(reply.body.value as Uint8Array)).toBe("[1,true]")
  })

  test("has the memory it was given", async () => {
    const packed = { ...options([show("new Uint8Array(inv.variables[1]).length")]), memory: 64 * 1024 * 1024 }
    const guest = new TestHost((await packFaaslet(packed)).wasm)
    const reply = guest.invoke({ variables: [{ name: "n", value: { case: "number", value: 50_000_000 } }] })
    expect(new TextDecoder().decode(reply.body.value as Uint8Array)).toBe("50000000")
  })

  test("with upload's optimisation answers the same", async () => {
    const { wasm } = await packFaaslet({ ...options([show("inv")]), optimise: "upload" })
    expect(new TextDecoder().decode(new TestHost(wasm).invoke({}).body.value as Uint8Array)).toBe(
      '{"route":0,"method":"GET"}',
    )
  })
})

describe("packing fails with a reason when", () => {
  test.each([
    ["the bundle does not parse", "}{", "bundle", /does not parse: SyntaxError[\s\S]*test\.js:1/],
    [
      "the bundle throws",
      "throw new Error('mine')",
      "bundle",
      /throws when it is loaded: Error: mine[\s\S]*test\.js:1/,
    ],
    [
      "there is no invoke",
      "globalThis.__honoFaasm = { routes: () => [] }",
      "bundle",
      /no __honoFaasm\.invoke/,
    ],
    [
      "the bundle never ends loading",
      "for (;;) {}",
      "bundle",
      /throws when it is loaded: InternalError: interrupted/,
    ],
    ["there are no routes", "globalThis.__honoFaasm = {}", "bundle", /__honoFaasm.routes: TypeError/],
    [
      "warming up throws",
      "globalThis.__honoFaasm = { routes: () => [], invoke() {}, warmUp() { throw 1 } }",
      "bundle",
      /warming up: 1/,
    ],
    [
      "the app needs too much memory",
      "globalThis.a = []; for (;;) a.push(new Array(1000).fill(0))",
      "bundle",
      /out of memory/,
    ],
  ])("%s", async (_what, bundle, code, message) => {
    await expect(packFaaslet({ ...options([]), bundle })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    })
  })

  test("the schema is not one that the guest can serve", async () => {
    const packed = options(["() => 1"])
    const hash = { ...packed.schema, hash: "0000000000000000" }
    await expect(packFaaslet({ ...packed, schema: hash })).rejects.toMatchObject({ code: "schema" })
    const routes = { ...packed.schema, routes: [{ index: 0, request: "t.v1.Nope", response: "t.v1.None" }] }
    await expect(packFaaslet({ ...packed, schema: routes })).rejects.toMatchObject({ code: "schema" })
    await expect(packFaaslet({ ...packed, memory: 100 })).rejects.toMatchObject({ code: "memory" })
    await expect(
      host(["() => 1"], {
        messages: { Empty: { fields: {} }, None: { response: true, fields: { __proto__x: "string" } } },
      }),
    ).resolves.toBeDefined()
  })
})

test("the glue's numbers of names and texts are those of src/faaslet/names.ts", async () => {
  const source = await readFile("guest/assembly/names.ts", "utf8")
  const numbered = (prefix: string) =>
    [...source.matchAll(new RegExp(`const ${prefix}_(\\w+): u32 = (\\d+)`, "g"))].map((match) => [
      match[1],
      Number(match[2]),
    ])
  expect(numbered("NAME")).toEqual(Object.keys(GUEST_NAMES).map((name, at) => [name, at]))
  expect(numbered("TEXT")).toEqual(Object.keys(GUEST_TEXTS).map((name, at) => [name, at]))
})
