import { describe, expect, test } from "vitest"
import { createSnapshot, Instance } from "../../src/runtime/instance.ts"
import { prepareFunction } from "../../src/runtime/prepare-function.ts"
import { randomProgram, scribbler, seeded } from "./scribbler.ts"
import { guest, wat } from "./wat.ts"

const MAX_MEMORY_BYTES = 16 * 1024 * 1024

/** Runs a program; gives how it ended. */
function run(instance: Instance, input: Uint8Array): string {
  let output = ""
  try {
    instance.run({
      input,
      output: (bytes) => {
        output = Buffer.from(bytes).toString("hex")
      },
      print: () => {},
    })
    return output
  } catch (error) {
    return `${output} ${(error as Error).message}`
  }
}

describe("an instrumented module", () => {
  test("does what the module does", async () => {
    const random = seeded(99)
    const wasm = scribbler({ min: 3, max: 3 })
    const prepared = await prepareFunction(wasm, MAX_MEMORY_BYTES)
    const instrumented = new Instance(prepared, createSnapshot(prepared))
    const module = await WebAssembly.compile(wasm as Uint8Array<ArrayBuffer>)
    for (let round = 0; round < 1000; round++) {
      const plain = new Instance({ module, hasStart: false }, undefined)
      const input = randomProgram(random, plain.memory.length)
      // What is random must be the same in both.
      for (let step = 0; step < input.length; step += 16) if (input[step] === 14) input[step] = 0
      expect(run(instrumented, input)).toBe(run(plain, input))
      expect(Buffer.compare(instrumented.memory, plain.memory)).toBe(0)
      instrumented.restore()
    }
  })

  test("keeps every kind of instruction as it was", async () => {
    const wasm = guest(
      `(drop (call_indirect (type $unary) (i32.const 3) (i32.const 0)))
       (i64.store (i32.const 0) (i64.trunc_sat_f64_s (f64.const 1e300)))
       (i32.store (i32.const 8) (i32.extend8_s (i32.const 200)))
       (v128.store (i32.const 16) (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23
         (v128.const i32x4 1 2 3 4) (v128.load8x8_u (i32.const 8))))
       (v128.store (i32.const 32) (v128.load16_lane 2 (i32.const 8) (v128.const i32x4 -1 -1 -1 -1)))
       (v128.store64_lane 1 (i32.const 48) (v128.load32_zero (i32.const 8)))
       (f32.store (i32.const 60) (f32.const 0.5))
       (i32.store (i32.const 64) (select (result i32) (i32.const 7) (i32.const 8) (i32.const 0)))
       (block $out (block $in (br_table $in $out $in (i32.const 1))) (i32.store (i32.const 64) (i32.const 9)))
       (i32.store (i32.const 68) (memory.size))
       (i32.store (i32.const 72) (memory.grow (i32.const 0)))
       (i32.store (i32.const 76) (memory.grow (i32.const 1)))
       (i32.store (i32.const 80) (ref.is_null (table.get $t (i32.const 1))))
       (i32.store (i32.const 84) (table.size $t))
       (call $write (i32.const 0) (i32.const 96))`,
      `(type $unary (func (param i32) (result i32)))
       (table $t 2 funcref) (elem (i32.const 0) $twice)
       (func $twice (type $unary) (i32.mul (local.get 0) (i32.const 2)))`,
    )
    const prepared = await prepareFunction(wasm, MAX_MEMORY_BYTES)
    expect(prepared.notResettable).toBeUndefined()
    const instrumented = new Instance(prepared, createSnapshot(prepared))
    const plain = new Instance(
      { module: await WebAssembly.compile(wasm as Uint8Array<ArrayBuffer>), hasStart: false },
      undefined,
    )
    const expected = run(plain, new Uint8Array())
    expect(expected).toMatch(/^[0-9a-f]{192}$/)
    for (let round = 0; round < 3; round++) {
      expect(run(instrumented, new Uint8Array())).toBe(expected)
      expect(instrumented.restore()).toBe(true)
    }
  })

  test("is thrown away when its memory has grown", async () => {
    const wasm = wat(`(module (memory (export "memory") 1 5)
      (func (export "_start") (drop (memory.grow (i32.const 1)))))`)
    const prepared = await prepareFunction(wasm, MAX_MEMORY_BYTES)
    const instance = new Instance(prepared, createSnapshot(prepared))
    run(instance, new Uint8Array())
    expect(instance.memory.length).toBe(2 * 65536)
    expect(instance.restore()).toBe(false)
  })

  test.each([
    ["a start function", `(start $f) (func $f)`],
    ["table.set", `(table 1 funcref) (func (table.set (i32.const 0) (ref.null func)))`],
    ["table.grow", `(table 1 funcref) (func (drop (table.grow 0 (ref.null func) (i32.const 1))))`],
    [
      "table.init",
      `(table 1 funcref) (elem $e func $f) (func $f (table.init $e (i32.const 0) (i32.const 0) (i32.const 1)))`,
    ],
    ["data.drop", `(data $d "x") (func (data.drop $d))`],
    ["an export of the host's name", `(func (export "hono_faasm.reset"))`],
  ])("is not made of a module with %s", async (_, rest) => {
    const prepared = await prepareFunction(guest("", rest), MAX_MEMORY_BYTES)
    expect(prepared.reset).toBeUndefined()
    expect(prepared.notResettable).toMatch(/./)
  })
})
