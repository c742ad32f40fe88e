import { describe, expect, test } from "vitest"
import { ErrorKind } from "../../src/gen/faasm/rpc/v1/function_service_pb.ts"
import { startRuntime } from "../../src/runtime/index.ts"
import { createSnapshot, Instance } from "../../src/runtime/instance.ts"
import { prepareFunction } from "../../src/runtime/prepare-function.ts"
import { call } from "./calling.ts"
import { randomProgram, scribbler, seeded } from "./scribbler.ts"
import { wat } from "./wat.ts"

const CALLS = 100_000
const MEBIBYTE = 1024 * 1024

describe("nothing survives a call", () => {
  test(`over ${CALLS} mixed calls of several functions`, async () => {
    const random = seeded(20260711)
    const functions = await Promise.all(
      [
        { min: 3, max: 3 },
        { min: 3, max: 40 },
        { min: 5, max: 5 },
      ].map(async (pages) => {
        const prepared = await prepareFunction(scribbler(pages), 16 * MEBIBYTE)
        expect(prepared.notResettable).toBeUndefined()
        const snapshot = createSnapshot(prepared)!
        // What the engine makes of the module, not what we make of its segments.
        const reference = Buffer.from(new Instance(prepared, snapshot).memory.slice())
        expect(reference.equals(snapshot)).toBe(true)
        return { prepared, snapshot, reference, instance: new Instance(prepared, snapshot) }
      }),
    )
    let trapped = 0
    for (let call = 0; call < CALLS; call++) {
      const target = functions[call % functions.length]!
      const input = randomProgram(random, target.reference.length)
      let output = ""
      try {
        target.instance.run({
          input,
          output: (bytes) => {
            output = Buffer.from(bytes).toString()
          },
          print: () => {},
        })
      } catch (error) {
        // A store outside of the memory. The guest's own check of its globals is `unreachable`.
        expect((error as Error).message).toMatch(/out of bounds/)
        trapped++
      }
      expect(output).toBe("the quick brown fox")
      // After a trap as well: the worker throws such an instance away, but nothing hinges on that.
      expect(target.instance.restore()).toBe(true)
      if (!target.reference.equals(target.instance.memory))
        throw new Error(`call ${call} left something: ${Buffer.from(input).toString("hex")}`)
    }
    expect(trapped).toBeGreaterThan(CALLS / 1000)
  })

  test("through the worker threads, however the calls end", async () => {
    const runtime = await startRuntime({ slots: 2, log: () => {} })
    const kinds = ["fixed", "growing", "fresh"] as const
    for (const kind of kinds) await runtime.upload("demo", kind, witness(kind))
    const random = seeded(4)
    const sums = new Map<string, string>()
    const ends = { return: 0, trap: 0, exit: 0, grow: 0 }
    const one = async () => {
      const kind = kinds[Math.floor(random() * kinds.length)]!
      const way = random() < 0.9 ? "return" : (["trap", "exit", "grow"] as const)[Math.floor(random() * 3)]!
      ends[way]++
      const outcome = await call(runtime.invoker, kind, way, { timeoutMs: 30_000 })
      if (way === "trap") expect(outcome.error?.kind).toBe(ErrorKind.TRAP)
      else {
        const sum = Buffer.from(outcome.output!).toString("hex")
        expect(sum).toBe(sums.get(kind) ?? sum)
        sums.set(kind, sum)
      }
    }
    for (let round = 0; round < 1000; round++) await Promise.all([1, 2, 3, 4, 5, 6].map(one))
    expect(Math.min(...Object.values(ends))).toBeGreaterThan(50)
    await runtime.close()
  })
})

/** A function that answers with a sum of its memory and globals as it finds them, having changed them all. */
function witness(kind: "fixed" | "growing" | "fresh"): Uint8Array {
  return wat(`(module
    (import "env" "__faasm_read_input" (func $read (param i32 i32) (result i32)))
    (import "env" "__faasm_write_output" (func $write (param i32 i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 2 ${kind === "growing" ? 9 : 2})
    (global $g (mut i64) (i64.const 1234567))
    (table 1 funcref)
    (data (i32.const 70000) "${kind}")
    ${kind === "fresh" ? "(func $touch (table.set (i32.const 0) (ref.null func)))" : ""}
    (func (export "_start") (local $at i32) (local $sum i64) (local $way i32)
      (local.set $sum (i64.add (global.get $g) (i64.extend_i32_u (memory.size))))
      (loop $next
        (local.set $sum (i64.add (i64.rotl (local.get $sum) (i64.const 1)) (i64.load (local.get $at))))
        (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 8))) (i32.const 131072))))
      (global.set $g (local.get $sum))
      (drop (call $read (i32.const 0) (i32.const 8)))
      (local.set $way (i32.load8_u (i32.const 0)))
      (if (i32.eq (local.get $way) (i32.const 103)) (then (drop (memory.grow (i32.const 1)))))
      (memory.fill (i32.const 0) (local.get $way) (i32.const 131000))
      (i64.store (i32.const 131064) (i64.const -1))
      (i64.store (i32.const 4) (i64.const 0))
      (i64.store (i32.const 4) (local.get $sum))
      (call $write (i32.const 4) (i32.const 8))
      (if (i32.eq (local.get $way) (i32.const 116)) (then unreachable))
      (if (i32.eq (local.get $way) (i32.const 101)) (then (call $exit (i32.const 0))))))`)
}
