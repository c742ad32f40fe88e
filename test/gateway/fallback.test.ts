import { describe, expect, it } from "vitest"
import { type FunctionCall, type FunctionClient, InvokeError } from "../../src/channel/function-client.ts"
import { CircuitBreaker } from "../../src/gateway/circuit-breaker.ts"
import type { SwitchEvent } from "../../src/gateway/events.ts"
import { FallbackPath } from "../../src/gateway/fallback.ts"
import type { InputForm } from "../../src/gateway/function-path.ts"
import { ErrorKind } from "../../src/gen/faasm/rpc/v1/function_service_pb.ts"

/** A way that works, or fails as the test says. */
class TestWay implements FunctionClient {
  readonly calls: FunctionCall[] = []
  error: Error | undefined
  readonly #way: "rpc" | "planner"

  constructor(way: "rpc" | "planner") {
    this.#way = way
  }

  async invoke(call: FunctionCall) {
    this.calls.push(call)
    if (this.error) throw this.error
    return { output: call.input, way: this.#way }
  }

  async ready() {
    return !this.error
  }

  async close() {}
}

function setup() {
  const channel = new TestWay("rpc")
  const planner = new TestWay("planner")
  const switches: SwitchEvent[] = []
  const clock = { now: 0 }
  const path = new FallbackPath(
    channel,
    planner,
    (event) => switches.push(event),
    new CircuitBreaker(() => clock.now),
  )
  const forms: InputForm[] = []
  const invoke = (idempotent: boolean) =>
    path.invoke({
      user: "u",
      function: "f",
      timeoutMs: 1000,
      idempotent,
      encode: (form) => {
        forms.push(form)
        return Buffer.from(form)
      },
    })
  return { channel, planner, switches, clock, path, forms, invoke }
}

const down = (mayHaveRun: boolean) => new InvokeError(ErrorKind.UNAVAILABLE, "down", { mayHaveRun })

describe("FallbackPath", () => {
  it("takes the channel while it works", async () => {
    const { invoke, forms, planner } = setup()
    expect((await invoke(false)).way).toBe("rpc")
    expect([forms, planner.calls]).toEqual([["protobuf"], []])
  })

  it("takes the planner for a call that the channel did not send, encoded for it, in what time is left", async () => {
    const { invoke, forms, channel, planner } = setup()
    channel.error = down(false)
    expect((await invoke(false)).way).toBe("planner")
    expect(forms).toEqual(["protobuf", "json"])
    expect(planner.calls[0]!.input.toString()).toBe("json")
    expect(planner.calls[0]!.timeoutMs).toBeLessThanOrEqual(1000)
  })

  it("never runs a call that may have run twice, unless it is idempotent", async () => {
    const { invoke, channel, planner } = setup()
    channel.error = down(true)
    await expect(invoke(false)).rejects.toBe(channel.error)
    expect(planner.calls).toEqual([])
    expect((await invoke(true)).way).toBe("planner")
  })

  it.each([
    ErrorKind.TRAP,
    ErrorKind.TIMEOUT,
    ErrorKind.UNKNOWN_FUNCTION,
    ErrorKind.OVERLOADED,
    ErrorKind.CANCELLED,
    ErrorKind.INPUT_TOO_LARGE,
  ])("does not take the planner for an error of the call itself: %s", async (kind) => {
    const { invoke, channel, planner, switches } = setup()
    channel.error = new InvokeError(kind, "no", { mayHaveRun: false })
    for (let i = 0; i < 5; i++) await expect(invoke(true)).rejects.toBe(channel.error)
    expect([planner.calls, switches]).toEqual([[], []])
  })

  it("leaves a channel that is down alone, and finds back to it", async () => {
    const { invoke, channel, planner, switches, clock } = setup()
    channel.error = down(false)
    for (let i = 0; i < 10; i++) await invoke(true)
    expect([channel.calls.length, planner.calls.length]).toEqual([3, 10])
    expect(switches).toEqual([{ type: "switch", to: "planner", reason: "down" }])
    channel.error = undefined
    clock.now = 500
    expect((await invoke(true)).way).toBe("rpc")
    expect((await invoke(true)).way).toBe("rpc")
    expect(switches[1]).toMatchObject({ to: "rpc" })
  })

  it("sends a single probe at a time", async () => {
    const { invoke, channel, clock } = setup()
    channel.error = down(false)
    for (let i = 0; i < 3; i++) await invoke(true)
    clock.now = 500
    await Promise.all(Array.from({ length: 20 }, () => invoke(true)))
    expect(channel.calls).toHaveLength(4)
  })

  it("rejects with what encoding throws, and judges nobody by it", async () => {
    const { path, channel, planner, switches } = setup()
    const error = new Error("can't travel")
    const encode = () => {
      throw error
    }
    await expect(path.invoke({ user: "u", function: "f", idempotent: true, encode })).rejects.toBe(error)
    expect([channel.calls, planner.calls, switches]).toEqual([[], [], []])
  })

  it("is ready when either way is", async () => {
    const { path, channel, planner } = setup()
    expect(await path.ready()).toBe(true)
    channel.error = down(false)
    expect(await path.ready()).toBe(true)
    planner.error = down(false)
    expect(await path.ready()).toBe(false)
  })
})
