import { expect, it } from "vitest"
import { PollSchedule } from "../../src/planner/poll-schedule.ts"

const waits = (schedule: PollSchedule, key: string, count: number) =>
  Array.from({ length: count }, (_, poll) => Math.round(schedule.waitMs(key, poll) * 100) / 100)

it("asks at once for a function that it does not know, then backs off to a bound", () => {
  const schedule = new PollSchedule()
  expect(waits(schedule, "a/b", 5)).toEqual([0, 0.5, 0.8, 1.28, 2.05])
  expect(schedule.waitMs("a/b", 1000)).toBe(100)
})

it("asks first shortly before a function is done, by its average", () => {
  const schedule = new PollSchedule()
  schedule.observe("a/b", 10)
  expect(waits(schedule, "a/b", 3)).toEqual([8, 2, 3.2])
  schedule.observe("a/b", 20)
  expect(waits(schedule, "a/b", 1)).toEqual([9.6])
  schedule.observe("slow/one", 60_000)
  expect(waits(schedule, "slow/one", 2)).toEqual([100, 100])
  expect(waits(schedule, "c/d", 1)).toEqual([0])
})

it("remembers a bounded number of functions", () => {
  const schedule = new PollSchedule()
  for (let i = 0; i <= 1000; i++) schedule.observe(`f/${i}`, 10)
  expect(schedule.waitMs("f/0", 0)).toBe(0)
  expect(schedule.waitMs("f/1000", 0)).toBe(8)
})
