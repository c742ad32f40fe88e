import { beforeEach, describe, expect, it } from "vitest"
import { CircuitBreaker } from "../../src/gateway/circuit-breaker.ts"

describe("CircuitBreaker", () => {
  let now = 0
  let breaker: CircuitBreaker
  beforeEach(() => {
    now = 0
    breaker = new CircuitBreaker(() => now)
  })
  const open = () => {
    for (let i = 0; i < 3; i++) breaker.failed()
  }

  it("lets calls pass until three in a row have failed", () => {
    expect([breaker.failed(), breaker.failed()]).toEqual([false, false])
    expect(breaker.allows()).toBe(true)
    breaker.succeeded()
    expect([breaker.failed(), breaker.failed(), breaker.failed()]).toEqual([false, false, true])
    expect(breaker.allows()).toBe(false)
  })

  it("lets one probe pass after a pause, and closes when it succeeds", () => {
    open()
    now = 499
    expect(breaker.allows()).toBe(false)
    now = 500
    expect([breaker.allows(), breaker.allows()]).toEqual([true, false])
    expect(breaker.succeeded()).toBe(true)
    expect([breaker.allows(), breaker.allows()]).toEqual([true, true])
  })

  it("doubles the pause when the probe fails, up to 30 s", () => {
    open()
    let pause = 500
    for (let i = 0; i < 10; i++) {
      now += pause
      expect(breaker.allows()).toBe(true)
      expect(breaker.failed()).toBe(false)
      pause = Math.min(pause * 2, 30_000)
      now += pause - 1
      expect(breaker.allows()).toBe(false)
      now -= pause - 1
    }
  })

  it("ignores late failures of calls that started before it opened", () => {
    open()
    now = 400
    breaker.failed()
    now = 500
    expect(breaker.allows()).toBe(true)
  })

  it("opens at once when the way does not exist, and probes rarely", () => {
    expect(breaker.failed(true)).toBe(true)
    now = 29_999
    expect(breaker.allows()).toBe(false)
    now = 30_000
    expect(breaker.allows()).toBe(true)
  })

  it("lets the next call probe when a probe ended undecided", () => {
    open()
    now = 500
    expect(breaker.allows()).toBe(true)
    breaker.undecided()
    expect(breaker.allows()).toBe(true)
  })
})
