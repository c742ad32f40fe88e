import { beforeAll, describe, expect, test } from "vitest"
import { packFaaslet } from "../../src/faaslet/pack.ts"
import { FailureKind } from "../../src/gen/hono_faasm/v1/invocation_pb.ts"
import { TestHost } from "./host.ts"
import { options } from "./pack-test.ts"

const answer = (expression: string) => `{ status: 200, headers: [], kind: 3, body: String(${expression}) }`

const HANDLERS = {
  loop: "() => { for (;;) {} }",
  regexp: `() => (${answer('/^(a+)+$/.test("a".repeat(40) + "b")')})`,
  caught: "async () => { try { for (;;) {} } catch { return 1 } finally { for (;;) {} } }",
  jobs: "async () => { for (;;) await null }",
  toJson: "() => ({ status: 200, headers: [], kind: 1, body: { toJSON() { for (;;) {} } } })",
  arrays: "() => { const all = []; for (;;) all.push(new Array(1000).fill(0)) }",
  strings: '() => { let text = "x"; for (;;) text += text + 1 }',
  buffers: "() => { const all = []; for (;;) all.push(new Uint8Array(100000).fill(1)) }",
  rethrown:
    "async () => { try { const all = []; for (;;) all.push({}) } catch (e) { return { failure: { kind: 4, message: e.message } } } }",
  recursion: `() => { const f = () => f() + 1; try { f() } catch (e) { return ${answer("e instanceof RangeError")} } }`,
  never: "() => new Promise(() => {})",
  settles: `() => new Promise((resolve) => Promise.resolve().then(() => resolve(${answer('"late"')})))`,
  rejects: "() => Promise.reject(new TypeError('no'))",
  throwsText: "() => { throw 'text' }",
  throwsNothing: "() => { throw undefined }",
  throwsHostile: "() => { throw { toString() { throw 1 } } }",
  ok: `() => (${answer('"fine"')})`,
  random: `() => (${answer("[Math.random(), Math.random()]")})`,
  time: `() => (${answer("[Math.abs(Date.now() - INV.variables[1]) < 60000, new Date(2024, 5, 1).getTimezoneOffset(), new Date(0).getHours()]")})`.replace(
    "() =>",
    "(INV) =>",
  ),
  large: '() => ({ status: 200, headers: [], kind: 3, body: "x".repeat(3000000) })',
  hugeAnswer: '() => ({ status: 200, headers: [], kind: 3, body: "x".repeat(14000000) })',
  idle: `() => new Promise((resolve) => timers.push(() => resolve(${answer('"fired"')})))`,
}

let guest: TestHost

beforeAll(async () => {
  const packed = options(Object.values(HANDLERS))
  packed.bundle +=
    "\nconst timers = []\n__honoFaasm.idle = () => { const fire = timers.shift(); fire?.(); return fire !== undefined }"
  guest = new TestHost((await packFaaslet(packed)).wasm)
})

function invoke(name: keyof typeof HANDLERS, timeoutMs = 60_000) {
  return guest.invoke({
    route: Object.keys(HANDLERS).indexOf(name),
    timeoutMs,
    variables: [{ name: "now", value: { case: "number", value: Date.now() } }],
  })
}

function text(name: keyof typeof HANDLERS): string {
  const reply = invoke(name)
  expect(reply.failure).toBeUndefined()
  return new TextDecoder().decode(reply.body.value as Uint8Array)
}

describe("time", () => {
  test.each(["loop", "regexp", "caught", "jobs", "toJson"] as const)("%s is interrupted", (name) => {
    expect(invoke(name, 50).failure?.kind).toBe(FailureKind.TIMEOUT)
  })

  test("also in the JSON form", () => {
    expect(guest.invokeJson({ route: 0, timeoutMs: 20 }).failure.kind).toBe(FailureKind.TIMEOUT)
  })
})

describe("memory", () => {
  test.each(["arrays", "buffers", "rethrown"] as const)("%s", (name) => {
    expect(invoke(name).failure?.kind).toBe(FailureKind.OUT_OF_MEMORY)
    const route = Object.keys(HANDLERS).indexOf(name)
    expect(guest.invokeJson({ route }).failure.kind).toBe(FailureKind.OUT_OF_MEMORY)
  })

  test("an answer that does not fit", () => {
    const reply = invoke("hugeAnswer")
    expect(reply.failure?.kind).toBe(FailureKind.OUT_OF_MEMORY)
    const route = Object.keys(HANDLERS).indexOf("hugeAnswer")
    expect(guest.invokeJson({ route }).failure.kind).toBe(FailureKind.OUT_OF_MEMORY)
  })

  test("an input that does not fit", () => {
    const output = guest.invoke({ route: 0, body: new Uint8Array(60_000_000) })
    expect(output.failure?.kind).toBe(FailureKind.OUT_OF_MEMORY)
  })

  test("a large input and a large answer", () => {
    const route = Object.keys(HANDLERS).indexOf("ok")
    expect(guest.invoke({ route, body: new Uint8Array(4_000_000) }).failure).toBeUndefined()
    expect(text("large")).toHaveLength(3_000_000)
  })
})

describe("a handler that", () => {
  test("recurses too deep can catch it", () => {
    expect(text("recursion")).toBe("true")
  })

  test("never settles fails", () => {
    expect(invoke("never").failure?.kind).toBe(FailureKind.NEVER_SETTLED)
  })

  test("settles later is waited for", () => {
    expect(text("settles")).toBe("late")
    expect(text("idle")).toBe("fired")
  })

  test("throws fails with what it threw", () => {
    expect(invoke("rejects").failure).toMatchObject({ kind: FailureKind.THROWN, message: "TypeError: no" })
    expect(invoke("throwsText").failure).toMatchObject({ kind: FailureKind.THROWN, message: "text" })
    expect(invoke("throwsNothing").failure).toMatchObject({ kind: FailureKind.THROWN, message: "undefined" })
    expect(invoke("strings").failure).toMatchObject({
      kind: FailureKind.THROWN,
      message: "InternalError: string too long",
    })
    expect(invoke("throwsHostile").failure?.kind).toBe(FailureKind.THROWN)
    expect(invoke("rejects").failure?.stack).toContain("test.js:")
  })
})

describe("the snapshot", () => {
  test("freezes neither random numbers nor time", () => {
    const first = text("random")
    expect(text("random")).not.toBe(first)
    const [a, b] = first.split(",")
    expect(a).not.toBe(b)
    expect(text("time")).toBe("true,0,0")
  })

  test("an instance answers again after failures", () => {
    for (const name of ["loop", "arrays", "recursion", "rejects", "ok"] as const) invoke(name, 50)
    expect(text("ok")).toBe("fine")
  })
})
