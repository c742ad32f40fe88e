import { describe, expect, test } from "vitest"
import { createSnapshot, Instance } from "../../src/runtime/instance.ts"
import { prepareFunction } from "../../src/runtime/prepare-function.ts"
import { randomProgram, scribbler, seeded } from "./scribbler.ts"

const CALLS = 100_000
const MEBIBYTE = 1024 * 1024

describe("nothing survives a call", () => {
  test(`over ${CALLS} mixed calls of several functions`, { timeout: 60_000 }, async () => {
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
})
