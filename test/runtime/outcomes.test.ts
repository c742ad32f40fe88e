import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { ErrorKind } from "../../src/gen/faasm/rpc/v1/function_service_pb.ts"
import { type Outcome, type Runtime, startRuntime } from "../../src/runtime/index.ts"
import { call, output, start } from "./calling.ts"
import { ECHO, guest, wat } from "./wat.ts"

const KIBIBYTE = 1024
let runtime: Runtime
const logged: string[] = []

beforeAll(async () => {
  runtime = await startRuntime({
    slots: 2,
    queueLimit: 4,
    maxInputBytes: 256 * KIBIBYTE,
    maxOutputBytes: 128 * KIBIBYTE,
    maxMemoryBytes: 1024 * KIBIBYTE,
    maxLogBytes: 1000,
    log: (line) => logged.push(line),
  })
  await runtime.upload("demo", "echo", ECHO)
  await runtime.upload("demo", "loop", guest("(loop (br 0))"))
})
afterAll(() => runtime.close(0))

/** Uploads a function and calls it once. */
async function run(name: string, wasm: Uint8Array, input = "x", timeoutMs?: number): Promise<Outcome> {
  await runtime.upload("demo", name, wasm)
  return call(runtime.invoker, name, input, { timeoutMs })
}

/** Waits until both slots are free: one whose call has just been ended comes back a little later. */
async function slotsFree(): Promise<void> {
  for (;;) {
    const calls = [1, 2].map(() => call(runtime.invoker, "echo", "", { queue: false }))
    if ((await Promise.all(calls)).every(({ error }) => !error)) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** Lets both slots run what does not end before it is cancelled. */
function occupySlots(): { cancel: () => void } {
  const loops = [1, 2].map(() => start(runtime.invoker, "loop", "", { timeoutMs: 600_000 }))
  return {
    cancel() {
      for (const { cancel } of loops) cancel()
    },
  }
}

describe("a call's outcome", () => {
  test("is its output, whatever its size", async () => {
    for (const size of [0, 1, 4095, 4096, 100_000, 131_072]) {
      const input = Buffer.alloc(size, "abc\0\xff", "latin1")
      const outcome = await call(runtime.invoker, "echo", input)
      expect(Buffer.from(outcome.output!).equals(input)).toBe(true)
    }
  })

  test("has plausible timings", async () => {
    await runtime.upload("demo", "timed", ECHO)
    const started = performance.now()
    const cold = await call(runtime.invoker, "timed", "a")
    expect(cold.timings.cold).toBe(true)
    const warm = await call(runtime.invoker, "timed", "a")
    expect(warm.timings.cold).toBe(false)
    const tookUs = (performance.now() - started) * 1000
    const times = [cold, warm].flatMap(({ timings }) => [timings.queuedUs, timings.executedUs])
    expect(Math.min(...times)).toBeGreaterThanOrEqual(0)
    // Its threads' clocks may differ by a microsecond or so.
    expect(times.reduce((sum, us) => sum + us)).toBeLessThan(tookUs + 50)
  })

  test.each([
    ["unreachable", "unreachable"],
    ["division by zero", "(drop (i32.div_u (i32.const 1) (i32.const 0)))"],
    ["a load outside of the memory", "(drop (i32.load (i32.const 262144)))"],
    ["a load just across its end", "(drop (i32.load (i32.const 262141)))"],
    ["a store just across its end", "(i64.store (i32.const 262137) (i64.const 0))"],
    ["an offset that would wrap around", "(i32.store offset=4294967295 (i32.const 100) (i32.const 0))"],
    ["an address that would wrap around", "(i32.store offset=65536 (i32.const -4) (i32.const 0))"],
    ["a fill that would wrap around", "(memory.fill (i32.const -65536) (i32.const 1) (i32.const 16))"],
    ["a fill outside of the memory", "(memory.fill (i32.const 262144) (i32.const 1) (i32.const 1))"],
    ["an empty fill outside of the memory", "(memory.fill (i32.const 262145) (i32.const 1) (i32.const 0))"],
    ["a copy from outside of the memory", "(memory.copy (i32.const 0) (i32.const -65536) (i32.const 16))"],
    ["an endless recursion", "(call $recurse)"],
  ])("is a trap after %s", async (_, body) => {
    const { error } = await run("trap", guest(body, "(func $recurse (call $recurse) (call $recurse))"))
    expect(error).toMatchObject({ kind: ErrorKind.TRAP, mayHaveRun: true })
    expect(error!.message).toMatch(/^demo\/trap trapped: ./)
    expect(output(await call(runtime.invoker, "echo", "still here"))).toBe("still here")
  })

  test("is a timeout when it loops for ever, and only its own", async () => {
    const looping = call(runtime.invoker, "loop", "", { timeoutMs: 300 })
    const others = await Promise.all(
      Array.from({ length: 3 }, (_, index) => call(runtime.invoker, "echo", `${index}`)),
    )
    expect(others.map(output)).toEqual(["0", "1", "2"])
    const { error } = await looping
    expect(error).toMatchObject({ kind: ErrorKind.TIMEOUT, mayHaveRun: true })
    // Its slot comes back.
    const both = await Promise.all([
      call(runtime.invoker, "loop", "", { timeoutMs: 200 }),
      call(runtime.invoker, "loop", "", { timeoutMs: 200 }),
      call(runtime.invoker, "echo", "after"),
    ])
    expect(output(both[2]!)).toBe("after")
  })

  test("is a timeout before it has run when no slot becomes free in time", async () => {
    await slotsFree()
    const loops = occupySlots()
    const { error, timings } = await call(runtime.invoker, "echo", "", { timeoutMs: 100 })
    expect(error).toMatchObject({ kind: ErrorKind.TIMEOUT, mayHaveRun: false })
    expect(timings.executedUs).toBe(0)
    loops.cancel()
  })

  test("tells that the memory is exhausted", async () => {
    const wasm = wat(`(module (memory (export "memory") 1)
      (func (export "_start") (loop $more
        (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) unreachable))`)
    const { error } = await run("greedy", wasm)
    expect(error).toMatchObject({ kind: ErrorKind.OUT_OF_MEMORY, mayHaveRun: true })
    // The note of it does not survive either.
    expect((await call(runtime.invoker, "greedy")).error?.kind).toBe(ErrorKind.OUT_OF_MEMORY)
  })

  test("is a trap when the memory could not grow but that is not why it ended", async () => {
    const { error } = await run(
      "grown",
      wat(`(module (memory (export "memory") 1 3)
      (func (export "_start")
        (if (i32.ne (memory.size) (i32.const 1)) (then (loop (br 0))))
        (if (i32.ne (memory.grow (i32.const 2)) (i32.const 1)) (then (loop (br 0))))
        (if (i32.ne (memory.size) (i32.const 3)) (then (loop (br 0))))
        (i32.store (i32.const 196604) (i32.const 1))
        (i32.store (i32.const 196605) (i32.const 1))))`),
    )
    expect(error?.kind).toBe(ErrorKind.TRAP)
  })

  test("tells that the output is too large", async () => {
    const { error } = await run("huge", guest("(call $write (i32.const 0) (i32.const 200000))"))
    expect(error).toMatchObject({ kind: ErrorKind.OUTPUT_TOO_LARGE, mayHaveRun: true })
    expect(error!.message).toBe("the output of demo/huge has 200000 bytes; 131072 are allowed")
  })

  test("tells that the input is too large", async () => {
    const { error } = await call(runtime.invoker, "echo", Buffer.alloc(256 * KIBIBYTE + 1))
    expect(error).toMatchObject({ kind: ErrorKind.INPUT_TOO_LARGE, mayHaveRun: false })
  })

  test("tells that there is no such function", async () => {
    const { error } = await call(runtime.invoker, "nowhere")
    expect(error).toMatchObject({ kind: ErrorKind.UNKNOWN_FUNCTION, mayHaveRun: false })
    expect((await call(runtime.invoker, "constructor")).error?.kind).toBe(ErrorKind.UNKNOWN_FUNCTION)
  })

  test("has the exit code of a function that ended itself", async () => {
    const exits = guest(
      "(call $write (i32.const 1024) (local.get $n)) (call $exit (i32.load8_u (i32.const 1024)))",
    )
    expect(output(await run("exits", exits, "\0"))).toBe("\0")
    const { error } = await call(runtime.invoker, "exits", "\x03")
    expect(error).toMatchObject({ kind: ErrorKind.TRAP, exitCode: 3 })
  })

  test("can be that it has been cancelled, queued or running", async () => {
    await slotsFree()
    const calls = [1, 2, 3].map(() => start(runtime.invoker, "loop", "", { timeoutMs: 600_000 }))
    for (const { cancel } of calls) setTimeout(cancel, 50)
    const outcomes = await Promise.all(calls.map(({ outcome }) => outcome))
    expect(outcomes.map(({ error }) => error?.kind)).toEqual(Array(3).fill(ErrorKind.CANCELLED))
    expect(outcomes.map(({ error }) => error?.mayHaveRun)).toEqual([true, true, false])
    // The slots come back, long before the deadline.
    expect(output(await call(runtime.invoker, "echo", "free"))).toBe("free")
  })

  test("is overload when the queue is full, or at once for a call that does not queue", async () => {
    await slotsFree()
    const loops = occupySlots()
    const refused = await call(runtime.invoker, "echo", "", { queue: false })
    expect(refused.error).toMatchObject({ kind: ErrorKind.OVERLOADED, mayHaveRun: false })
    const queued = Array.from({ length: 4 }, (_, index) => call(runtime.invoker, "echo", `${index}`))
    const { error } = await call(runtime.invoker, "echo")
    expect(error).toMatchObject({ kind: ErrorKind.OVERLOADED, mayHaveRun: false })
    loops.cancel()
    expect((await Promise.all(queued)).map(output)).toEqual(["0", "1", "2", "3"])
  })
})

describe("the host interface", () => {
  /** Addresses and lengths that do not lie within 4 pages. */
  const outside: [pointer: number, length: number][] = [
    [262144, 1],
    [262143, 2],
    [-1, 1],
    [-1, -1],
    [0, 262145],
    [0, -1],
    [-65536, 65536],
    [-2147483648, 16],
  ]

  test.each(outside)("traps for %i with %i bytes", async (pointer, length) => {
    const at = `(i32.const ${pointer}) (i32.const ${length})`
    for (const body of [
      `(call $write ${at})`,
      `(drop (call $random ${at}))`,
      `(i32.store (i32.const 8) (i32.const ${pointer})) (i32.store (i32.const 12) (i32.const ${length}))
       (drop (call $fd_write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 0)))`,
    ]) {
      const { error } = await run("hostile", guest(body))
      expect(error?.kind).toBe(ErrorKind.TRAP)
    }
  })

  test.each([
    "(drop (call $clock (i32.const 0) (i64.const 0) (i32.const 262140)))",
    "(drop (call $clock (i32.const 1) (i64.const 0) (i32.const -4)))",
    "(drop (call $fd_write (i32.const 1) (i32.const -8) (i32.const 1) (i32.const 0)))",
    "(drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 262141)))",
    "(drop (call $read (i32.const 262143) (i32.const 2)))",
    "(drop (call $read (i32.const -1) (i32.const 1)))",
  ])("traps for %s", async (body) => {
    expect((await run("hostile", guest(body), "two")).error?.kind).toBe(ErrorKind.TRAP)
  })

  test("gives no more of the input than is asked for", async () => {
    const wasm = guest(`(drop (call $read (i32.const 0) (i32.const 3)))
      (if (i32.ne (call $read (i32.const 0) (i32.const 0)) (i32.const 5)) (then unreachable))
      (call $write (i32.const 0) (i32.const 5))`)
    expect(output(await run("partly", wasm, "12345"))).toBe("123\0\0")
  })

  test("asks for a NUL after the buffer, as Faasm does", async () => {
    const { error } = await run(
      "unterminated",
      guest(`(memory.fill (i32.const 200000) (i32.const 65) (i32.const 62144))
        (call $write (i32.const 250000) (i32.const 10))`),
    )
    expect(error?.kind).toBe(ErrorKind.TRAP)
    expect(error?.message).toMatch(/NUL/)
  })

  test("takes the last output", async () => {
    const wasm = guest(
      "(call $write (i32.const 1024) (i32.const 3)) (call $write (i32.const 1024) (i32.const 1))",
    )
    expect(output(await run("twice", wasm, "abc"))).toBe("a")
  })

  test("logs what a function prints, by lines and bounded", async () => {
    const print = `(i32.store (i32.const 8) (i32.const 1024)) (i32.store (i32.const 12) (local.get $n))
      (drop (call $fd_write (i32.const 2) (i32.const 8) (i32.const 1) (i32.const 0)))`
    logged.length = 0
    await run("prints", guest(print), "one\ntwo\nno newline")
    await expect
      .poll(() => logged.filter((line) => line.startsWith("[demo/prints]")))
      .toEqual(["[demo/prints] one", "[demo/prints] two", "[demo/prints] no newline"])
    await run(
      "floods",
      guest(
        `(loop ${print} (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 10000))))`,
      ),
      "line\n",
    )
    await expect
      .poll(() => logged.at(-1))
      .toBe("[demo/floods] (the rest of what this call printed is not shown)")
    const flood = logged.filter((line) => line.startsWith("[demo/floods]"))
    expect(flood.length).toBe(201)
  })
})

describe("an upload", () => {
  test("replaces the function for calls from then on", async () => {
    await runtime.upload(
      "demo",
      "version",
      guest(`(i32.store8 (i32.const 0) (i32.const 49)) (call $write (i32.const 0) (i32.const 1))`),
    )
    expect(output(await call(runtime.invoker, "version"))).toBe("1")
    await runtime.upload(
      "demo",
      "version",
      guest(`(i32.store8 (i32.const 0) (i32.const 50)) (call $write (i32.const 0) (i32.const 1))`),
    )
    expect(output(await call(runtime.invoker, "version"))).toBe("2")
  })

  test.each([
    ["no WebAssembly", Buffer.from("hello")],
    ["nothing", Buffer.alloc(0)],
    ["no _start", wat(`(module (memory (export "memory") 1))`)],
    [
      "a _start with a parameter",
      wat(`(module (memory (export "memory") 1) (func (export "_start") (param i32)))`),
    ],
    ["no memory", wat(`(module (func (export "_start")))`)],
    ["too much memory", wat(`(module (memory (export "memory") 100) (func (export "_start")))`)],
    [
      "an unknown import",
      wat(
        `(module (import "env" "system" (func (param i32))) (memory (export "memory") 1) (func (export "_start")))`,
      ),
    ],
    [
      "an inherited name",
      wat(
        `(module (import "env" "constructor" (func)) (memory (export "memory") 1) (func (export "_start")))`,
      ),
    ],
    [
      "an import of another type",
      wat(
        `(module (import "env" "__faasm_read_input" (func (param i64 i32) (result i32))) (memory (export "memory") 1) (func (export "_start")))`,
      ),
    ],
    [
      "an imported memory",
      wat(
        `(module (import "env" "memory" (memory 1)) (export "memory" (memory 0)) (func (export "_start")))`,
      ),
    ],
    ["an invalid body", Buffer.from(ECHO).fill(0x7f, ECHO.length - 8)],
  ])("is refused with a reason: %s", async (_, bytes) => {
    await expect(runtime.upload("demo", "bad", bytes)).rejects.toMatchObject({
      code: "invalid-function",
      message: expect.stringMatching(/^demo\/bad is not a Faasm function: ./),
    })
    expect((await call(runtime.invoker, "bad")).error?.kind).toBe(ErrorKind.UNKNOWN_FUNCTION)
  })

  test.each(["", "..", "a/b", "a b", "-".repeat(200)])("is refused under the name %j", async (name) => {
    await expect(runtime.upload("demo", name, ECHO)).rejects.toMatchObject({ code: "invalid-function" })
  })
})

describe("a function that can't be put back", () => {
  test.each([
    ["a start function", `(start $init) (func $init (i32.store (i32.const 4) (i32.const 7)))`, 7],
    [
      "a table that it changes",
      `(table 2 funcref) (func $touch (table.set (i32.const 0) (ref.null func)))`,
      0,
    ],
    ["a segment that it drops", `(data $d "x") (func $touch (data.drop $d))`, 0],
  ])("gets a fresh instance for every call: %s", async (_, rest, expected) => {
    const wasm = guest(
      `(i32.store (i32.const 0) (i32.add (i32.load (i32.const 4)) (i32.const 48)))
       (i32.store (i32.const 4) (i32.const 1))
       (call $write (i32.const 0) (i32.const 1))`,
      rest,
    )
    expect(output(await run("fresh", wasm))).toBe(`${expected}`)
    for (let round = 0; round < 5; round++)
      expect(output(await call(runtime.invoker, "fresh"))).toBe(`${expected}`)
  })

  test("has its time limited in its start function, too", async () => {
    const wasm = guest("", "(start $init) (func $init (loop (br 0)))")
    expect((await run("stuck", wasm, "", 200)).error?.kind).toBe(ErrorKind.TIMEOUT)
    expect(output(await call(runtime.invoker, "echo", "on"))).toBe("on")
  })

  test("reports a segment outside of its memory as an invalid function", async () => {
    const { error } = await run("segment", guest("", `(data (i32.const 262140) "outside")`))
    expect(error).toMatchObject({ kind: ErrorKind.INVALID_FUNCTION, mayHaveRun: false })
  })
})

test("functions take turns on a worker without seeing each other", async () => {
  await runtime.upload(
    "demo",
    "other",
    guest(`(i32.store8 (i32.const 1024) (i32.const 33)) (call $write (i32.const 1024) (local.get $n))`),
  )
  const outcomes = []
  for (let round = 0; round < 200; round++)
    outcomes.push(await call(runtime.invoker, round % 2 ? "echo" : "other", `${round}`))
  expect(outcomes.map(output)).toEqual(
    outcomes.map((_, round) => (round % 2 ? `${round}` : `!${`${round}`.slice(1)}`)),
  )
})
