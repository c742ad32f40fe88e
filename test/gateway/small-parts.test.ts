import { describe, expect, it } from "vitest"
import { isIdempotent } from "../../src/gateway/idempotent.ts"
import { paramNamesOf } from "../../src/gateway/param-names.ts"
import { whyNotPortable } from "../../src/gateway/portable.ts"
import { serverTiming } from "../../src/gateway/server-timing.ts"
import { traceparentOf } from "../../src/gateway/traceparent.ts"

describe("paramNamesOf", () => {
  it.each([
    ["/", []],
    ["/a/*", []],
    ["/:a", ["a"]],
    ["/:shop/orders/:id{[0-9]+}", ["shop", "id"]],
    ["/opt/:a?", ["a"]],
    ["/file/:name{.+\\.txt}", ["name"]],
    ["/api/:x{a:/b}/:y?", ["x", "y"]],
  ])("%s", (path, names) => {
    expect(paramNamesOf(path)).toEqual(names)
  })
})

describe("whyNotPortable", () => {
  it.each([
    ["text", undefined],
    [null, undefined],
    [{ a: [1, { b: true, c: undefined }] }, undefined],
    [Object.create(null), undefined],
    [Number.NaN, "NaN"],
    [1n, "bigint"],
    [() => 1, "function"],
    [new Date(0), "Date"],
    [{ a: [1, new Map()] }, "Map at a[1]"],
    [{ a: { b: Number.POSITIVE_INFINITY } }, "Infinity at a.b"],
    [[undefined], "undefined at [0]"],
    [{ toJSON: () => 1 }, "toJSON"],
  ])("%s", (value, reason) => {
    expect(whyNotPortable(value)).toBe(reason)
  })

  it("takes valid dates when asked to", () => {
    expect(whyNotPortable({ at: new Date(0) }, true)).toBeUndefined()
    expect(whyNotPortable({ at: new Date("?") }, true)).toBe("Date at at")
  })

  it("ends on cycles", () => {
    const cycle: Record<string, unknown> = {}
    cycle.self = cycle
    expect(whyNotPortable(cycle)).toMatch(/^nesting deeper than 64 levels/)
  })
})

describe("traceparentOf", () => {
  const of = (value: string) => traceparentOf(new Headers({ traceparent: value }))
  const valid = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

  it("passes a valid one on", () => {
    expect(of(valid)).toBe(valid)
    expect(traceparentOf(new Headers())).toBeUndefined()
  })

  it.each([
    "nonsense",
    valid.replace("4bf92f3577b34da6a3ce929d0e0e4736", "0".repeat(32)),
    valid.replace("00f067aa0ba902b7", "0".repeat(16)),
    valid.replace(/^00/, "ff"),
    valid.toUpperCase(),
    `${valid}-${"x".repeat(1000)}`,
  ])("drops %s", (value) => {
    expect(of(value)).toBeUndefined()
  })
})

it("knows idempotent methods", () => {
  expect(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"].every(isIdempotent)).toBe(true)
  expect(["POST", "PATCH", "PURGE", "get"].some(isIdempotent)).toBe(false)
})

it("writes Server-Timing", () => {
  expect(serverTiming(0.1234, { queuedUs: 1500, executedUs: 250, cold: true }, 0.01)).toBe(
    'encode;dur=0.123, queue;dur=1.5;desc="cold", execute;dur=0.25, decode;dur=0.01',
  )
})
