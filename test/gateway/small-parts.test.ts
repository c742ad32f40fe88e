import { describe, expect, it } from "vitest"
import { isIdempotent } from "../../src/gateway/idempotent.ts"
import { paramNamesOf } from "../../src/gateway/param-names.ts"
import { whyNotPortable } from "../../src/gateway/portable.ts"
import { detailedServerTiming, serverTiming } from "../../src/gateway/server-timing.ts"
import { traceparentOf } from "../../src/gateway/traceparent.ts"
import { monotonicOffsetMs } from "../../src/monotonic-clock.ts"

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

describe("Server-Timing in detail", () => {
  const times = {
    startedAt: 10,
    encodeMs: 1,
    sentAt: 11,
    receivedAt: 15,
    decodedAt: 15.25,
    respondedAt: 15.5,
  }
  const timings = { queuedUs: 1500, executedUs: 1000, cold: false, instanceUs: 500, resetUs: 7 }
  const phases = { handlerUs: 600, encodeUs: 100 }
  const durations = (header: string) =>
    Object.fromEntries(header.split(", ").map((entry) => entry.split(";dur="))) as Record<string, string>
  const arrived = (afterSent: number) => (times.sentAt + afterSent + monotonicOffsetMs()) * 1000

  it("has phases that add up", () => {
    const found = durations(detailedServerTiming(times, { ...timings, arrivedAtUs: arrived(1) }, phases))
    const { total, reset, ...parts } = found
    expect(Object.keys(parts).join(" ")).toBe(
      "encode out back queue instance guest-decode handler guest-encode decode respond",
    )
    expect(Number(reset)).toBe(0.007)
    expect(Object.values(parts).reduce((sum, ms) => sum + Number(ms), 0)).toBeCloseTo(Number(total), 1)
  })

  it.each([undefined, arrived(-10), arrived(1e9), Number.NaN])(
    "leaves the ways together when the host's clock can't be the gateway's: %s",
    (arrivedAtUs) => {
      const found = durations(detailedServerTiming(times, { ...timings, arrivedAtUs }, undefined))
      expect(found).toMatchObject({ channel: "1.5", execute: "1" })
      expect(found.out).toBeUndefined()
    },
  )

  it.each([
    { handlerUs: Number.NaN, encodeUs: 0 },
    { handlerUs: -1, encodeUs: 0 },
    { handlerUs: 1e300, encodeUs: 0 },
    { handlerUs: 0, encodeUs: Number.POSITIVE_INFINITY },
  ])("does not believe a function that says %j", (said) => {
    expect(durations(detailedServerTiming(times, timings, said)).execute).toBe("1")
  })
})

it("writes Server-Timing", () => {
  const times = {
    startedAt: 10,
    encodeMs: 0.1234,
    sentAt: 11,
    receivedAt: 15,
    decodedAt: 15.004,
    respondedAt: 15.01,
  }
  expect(serverTiming(times, { queuedUs: 1500, executedUs: 250, cold: true })).toBe(
    'encode;dur=0.123, queue;dur=1.5;desc="cold", execute;dur=0.25, decode;dur=0.01',
  )
})
