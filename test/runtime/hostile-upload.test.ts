import { afterAll, beforeAll, expect, test } from "vitest"
import { type Runtime, RuntimeError, startRuntime } from "../../src/runtime/index.ts"
import { call, output } from "./calling.ts"
import { scribbler, seeded } from "./scribbler.ts"
import { ECHO, guest } from "./wat.ts"

let runtime: Runtime

beforeAll(async () => {
  runtime = await startRuntime({ slots: 2, maxMemoryBytes: 4 * 1024 * 1024, log: () => {} })
  await runtime.upload("demo", "echo", ECHO)
})
afterAll(() => runtime.close(0))

test("damaged modules are refused or run, and harm nothing else", async () => {
  const random = seeded(7)
  const originals = [
    ECHO,
    scribbler({ min: 3, max: 3 }),
    guest("(drop (call $read (i32.const 0) (i32.const 9)))"),
  ]
  let accepted = 0
  let refused = 0
  for (let round = 0; round < 900; round++) {
    const bytes = damage(originals[round % originals.length]!, random)
    try {
      await runtime.upload("demo", "damaged", bytes)
      accepted++
      await call(runtime.invoker, "damaged", "input", { timeoutMs: 50 })
    } catch (error) {
      expect(error).toBeInstanceOf(RuntimeError)
      refused++
    }
    if (round % 100 === 0) expect(output(await call(runtime.invoker, "echo", `${round}`))).toBe(`${round}`)
  }
  expect(accepted).toBeGreaterThan(20)
  expect(refused).toBeGreaterThan(300)
  expect(output(await call(runtime.invoker, "echo", "end"))).toBe("end")
})

test("declared sizes do not make it allocate", async () => {
  const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]
  const huge = [0xff, 0xff, 0xff, 0xff, 0x0f]
  for (const section of [1, 2, 3, 5, 6, 7, 10, 11]) {
    for (const body of [
      [section, ...huge],
      [section, 5, ...huge],
      [section, 6, ...huge, 0x60],
      [section, 7, 1, ...huge, 0],
    ])
      await expect(runtime.upload("demo", "sizes", Uint8Array.from([...header, ...body]))).rejects.toThrow(
        RuntimeError,
      )
  }
})

test("tables are bounded, from the start and when they grow", async () => {
  const table = (size: string, body: string) => guest(body, `(table ${size} funcref)`)
  await expect(runtime.upload("demo", "table", table("1000001", ""))).rejects.toThrow("1000001 elements")
  await expect(runtime.upload("demo", "table", table("4294967295", ""))).rejects.toThrow(RuntimeError)
  const grow = (by: number) => `
    (i32.store8 (i32.const 1024) (i32.add (i32.const 66) (table.grow (ref.null func) (i32.const ${by}))))
    (call $write (i32.const 1024) (i32.const 1))`
  for (const [size, by, answer] of [
    ["0", 1_000_000, "B"],
    ["0", 1_000_001, "A"],
    ["1 2000000", 999_999, "C"],
    ["1 2000000", 1_000_000, "A"],
    ["1 10", 10, "A"],
  ] as const) {
    await runtime.upload("demo", "table", table(size, grow(by)))
    expect(output(await call(runtime.invoker, "table", "x"))).toBe(answer)
  }
})

/** Changes, drops, repeats or swaps some bytes. */
function damage(original: Uint8Array, random: () => number): Uint8Array {
  const bytes = [...original]
  for (let change = 1 + Math.floor(random() * 3); change > 0; change--) {
    const at = 8 + Math.floor(random() * (bytes.length - 8))
    const way = random()
    if (way < 0.6) bytes[at] = Math.floor(random() * 256)
    else if (way < 0.7) bytes[at] = (bytes[at]! ^ (1 << Math.floor(random() * 8))) & 0xff
    else if (way < 0.8) bytes.splice(at, 1 + Math.floor(random() * 4))
    else if (way < 0.9) bytes.splice(at, 0, ...bytes.slice(at, at + 8))
    else bytes.length = at
  }
  return Uint8Array.from(bytes)
}
