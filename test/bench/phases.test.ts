import { describe, expect, it } from "vitest"
import { meanShares, worstSum } from "../../bench/phase-shares.ts"
import { nativePhases, offloadedPhases, PHASES, sumOf } from "../../bench/phases.ts"
import { keptSamples, rowOf } from "../../bench/row.ts"
import { detailedServerTiming } from "../../src/gateway/server-timing.ts"
import { monotonicOffsetMs } from "../../src/monotonic-clock.ts"

/** What a gateway measured that took 10 ms for a request, of which 1 ms came before the handler. */
const times = { startedAt: 1, encodeMs: 1, sentAt: 3, receivedAt: 8, decodedAt: 8.5, respondedAt: 10 }
const timings = { queuedUs: 1500, executedUs: 1000, cold: false, instanceUs: 500, resetUs: 70 }
const phases = { handlerUs: 600, encodeUs: 100 }
const served = (header: string | undefined) => ({
  sentUs: 99_800,
  answeredUs: 110_300,
  headers: { "bench-served": "100000 110000", "server-timing": header },
})
const timing = (arrivedAtUs?: number) => detailedServerTiming(times, { ...timings, arrivedAtUs }, phases)

describe("phases of a request", () => {
  it("add up to the whole, whether or not the ways can be told apart", () => {
    const arrived = (times.sentAt + 1 + monotonicOffsetMs()) * 1000
    for (const header of [timing(), timing(arrived)]) {
      const found = offloadedPhases(served(header))
      expect(found.wholeUs).toBe(10_500)
      expect(sumOf(found)).toBeCloseTo(10_500, -1)
      expect(found.resetUs).toBe(70)
      expect(Object.keys(found.phases).filter((phase) => !PHASES.includes(phase as never))).toEqual([])
    }
    const { channel, ...rest } = offloadedPhases(served(timing())).phases
    expect(channel).toBeCloseTo(2500)
    expect(rest).toMatchObject({ "gateway parse": 200, validate: 1000, encode: 2000, handler: 600 })
    expect(rest.respond).toBeCloseTo(1800)
  })

  it("are three when the handler is in the server", () => {
    const found = nativePhases(served(undefined))
    expect(found.phases).toEqual({ "gateway parse": 200, handler: 10_000, respond: 300 })
    expect(sumOf(found)).toBe(found.wholeUs)
  })

  it("can't be had of an answer that tells nothing", () => {
    expect(() => offloadedPhases(served(undefined))).toThrow("no timings")
    expect(() => nativePhases({ ...served(undefined), headers: {} })).toThrow("no times")
  })
})

describe("shares of phases", () => {
  const row = (name: string, phase: string | undefined, us: number) =>
    rowOf("breakdown", "offloaded", [us], { function: name, phase })
  const rows = [
    row("a", undefined, 110),
    row("a", "handler", 75),
    row("a", "queue", 25),
    row("a", "reset", 1000),
    row("b", undefined, 100),
    row("b", "handler", 50),
    row("b", "queue", 50),
    rowOf("breakdown", "native", [7], { function: "b" }),
  ]

  it("are means over the functions, of what is asked for", () => {
    expect([...meanShares(rows, PHASES)]).toEqual([
      ["handler", 0.625],
      ["queue", 0.375],
    ])
    expect([...meanShares(rows, ["queue"])]).toEqual([["queue", 1]])
  })

  it("are checked against the whole, without what comes after the answer", () => {
    expect(worstSum(rows)).toBeCloseTo(100 / 110)
  })
})

it("keeps a bounded number of samples, from all of the time", () => {
  const kept = keptSamples(Array.from({ length: 100_001 }, (_, i) => i))
  expect(kept).toHaveLength(2000)
  expect(kept[0]).toBe(0)
  expect(kept.at(-1)).toBeGreaterThan(99_900)
  expect(keptSamples([0.1234567, 5])).toEqual([0.12346, 5])
})
