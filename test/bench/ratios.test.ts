import { describe, expect, it } from "vitest"
import { openLoop } from "../../bench/open-loop.ts"
import { meanOf, ratiosOf } from "../../bench/ratios.ts"
import { rowOf } from "../../bench/row.ts"

const row = (way: string, us: number, ratePerSecond?: number, name = "a") =>
  rowOf("relative", way, [us], { function: name, ratePerSecond })

describe("the three ratios", () => {
  const own = [row("native function", 100), row("guest function", 3000)]

  it("tell the bridge, the engine and the whole apart", () => {
    const rows = [...own, row("native", 500, 50), row("offloaded", 4200, 50)]
    expect(ratiosOf(rows)).toEqual([
      { function: "a", engine: 30, rates: [{ ratePerSecond: 50, whole: 8.4, wholeP99: 8.4, bridge: 3 }] },
    ])
  })

  it("are there for each rate, in their order, that has both ways", () => {
    const both = (rate: number) => [row("native", 500, rate), row("offloaded", 1000, rate)]
    const [one] = ratiosOf([...both(50), ...both(5), row("native", 500, 100)])
    expect(one!.rates.map(({ ratePerSecond }) => ratePerSecond)).toEqual([5, 50])
    expect(one!.engine).toBeUndefined()
  })

  it("are not made of what the clock can't tell", () => {
    const rows = [
      row("native function", 2),
      row("guest function", 90),
      row("native", 5, 1),
      row("offloaded", 80, 1),
    ]
    expect(ratiosOf(rows)[0]).toMatchObject({ engine: undefined, rates: [{ whole: 16, bridge: undefined }] })
  })

  it("have a mean of those that there are", () => {
    expect(meanOf([1, undefined, 2])).toBe(1.5)
    expect(meanOf([undefined])).toBeUndefined()
  })
})

it("charges a stall to every request that was due in it", async () => {
  let calls = 0
  const { latenciesUs, lateUs } = await openLoop({
    ratePerSecond: 100,
    durationMs: 100,
    async call() {
      if (calls++ > 0) return
      const end = performance.now() + 80
      while (performance.now() < end);
    },
  })
  expect(latenciesUs).toHaveLength(10)
  // The first took 80 ms; the others could not begin before that, and were due 10 ms apart.
  for (const [i, us] of latenciesUs.entries()) expect(us).toBeGreaterThanOrEqual((80 - i * 10) * 1000)
  for (const [i, us] of lateUs.entries()) if (i > 0) expect(us).toBeGreaterThanOrEqual((80 - i * 10) * 1000)
})
