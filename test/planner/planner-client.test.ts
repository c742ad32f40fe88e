import { afterEach, describe, expect, it } from "vitest"
import { InvokeError } from "../../src/channel/function-client.ts"
import { ErrorKind } from "../../src/gen/faasm/rpc/v1/function_service_pb.ts"
import { PlannerClient, type PlannerOptions } from "../../src/planner/index.ts"
import { FakePlanner, finished, type PlannerAnswerer } from "./fake-planner.ts"

const stops: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

async function start(answer: PlannerAnswerer, options: Partial<PlannerOptions> = {}) {
  const planner = await FakePlanner.start(answer)
  const client = new PlannerClient({ url: planner.url, ...options })
  stops.push(
    () => planner.stop(),
    () => client.close(),
  )
  return { planner, client }
}

const call = { user: "ada", function: "shop", input: Buffer.from('{"a":"ü"}'), idempotent: true }
const notYet: [number, string] = [500, "App not registered in results"]
const noSlot: [number, string] = [500, "No available hosts"]

/** Answers a batch at once, and its status after `polls` polls. */
function doneAfter(polls: number, result: Record<string, unknown>): PlannerAnswerer {
  const seen = new Map<unknown, { message: Record<string, unknown>; polls: number }>()
  return (request) => {
    const { appId, messages } = request.payload
    if (request.type === "EXECUTE_BATCH") {
      seen.set(appId, { message: messages![0]!, polls: 0 })
      return [200, JSON.stringify({ appId, expectedNumMessages: 1 })]
    }
    const app = seen.get(appId)!
    return ++app.polls > polls ? finished(request, app.message.id, result) : notYet
  }
}

async function errorOf(promise: Promise<unknown>): Promise<InvokeError> {
  const error = await promise.then(
    () => undefined,
    (e) => e,
  )
  expect(error).toBeInstanceOf(InvokeError)
  return error
}

describe("PlannerClient", () => {
  it("sends a batch of one message and returns its output", async () => {
    const { planner, client } = await start(
      doneAfter(0, { output_data: "{✓}", start_ts: "1000", finish_ts: "1007" }),
    )
    const { output, timings, way } = await client.invoke(call)
    expect([Buffer.from(output).toString(), timings?.executedUs, timings?.cold, way]).toEqual([
      "{✓}",
      7000,
      false,
      "planner",
    ])
    const { payload } = planner.requests[0]!
    const { appId } = payload
    expect(payload).toEqual({
      appId: expect.any(Number),
      user: "ada",
      function: "shop",
      messages: [
        {
          id: expect.any(Number),
          appId,
          user: "ada",
          function: "shop",
          input_data: call.input.toString("base64"),
        },
      ],
    })
    expect(planner.requests[1]!.payload).toEqual({ appId, expectedNumMessages: 1 })
  })

  it("polls until there is a result", async () => {
    const { planner, client } = await start(doneAfter(8, { output_data: "x" }))
    await client.invoke(call)
    expect(planner.count("EXECUTE_BATCH_STATUS")).toBe(9)
  })

  it("uses its connections again", async () => {
    const { planner, client } = await start(doneAfter(1, { output_data: "x" }), { connections: 2 })
    await Promise.all(Array.from({ length: 20 }, () => client.invoke(call)))
    await Promise.all(Array.from({ length: 20 }, () => client.invoke(call)))
    expect(planner.connections).toBe(2)
  })

  it("waits for a slot, and says so when there is none in time", async () => {
    let refused = 0
    const answer = doneAfter(0, { output_data: "x" })
    const { client } = await start((request, response) =>
      ++refused <= 3 ? noSlot : answer(request, response),
    )
    expect(Buffer.from((await client.invoke(call)).output).toString()).toBe("x")
    const { client: unlucky } = await start(() => noSlot, { slotWaitMs: 20 })
    expect(await errorOf(unlucky.invoke(call))).toMatchObject({
      kind: ErrorKind.OVERLOADED,
      mayHaveRun: false,
    })
  })

  it("reports a function that failed", async () => {
    const { client } = await start(
      doneAfter(0, { returnValue: 1, output_data: "Call failed (return value=1)" }),
    )
    expect(await errorOf(client.invoke(call))).toMatchObject({
      kind: ErrorKind.TRAP,
      mayHaveRun: true,
      message: "ada/shop failed on Faasm: Call failed (return value=1)",
    })
  })

  it("gives up at the deadline", async () => {
    const { client } = await start(doneAfter(Number.POSITIVE_INFINITY, {}))
    expect(await errorOf(client.invoke({ ...call, timeoutMs: 1000 }))).toMatchObject({
      kind: ErrorKind.TIMEOUT,
      mayHaveRun: true,
    })
  })

  it("stops asking when the caller leaves", async () => {
    const leaving = new AbortController()
    const never = doneAfter(Number.POSITIVE_INFINITY, {})
    const { planner, client } = await start((request, response) => {
      if (planner.count("EXECUTE_BATCH_STATUS") === 3) leaving.abort()
      return never(request, response)
    })
    const error = await errorOf(client.invoke({ ...call, signal: leaving.signal }))
    expect(error).toMatchObject({ kind: ErrorKind.CANCELLED, mayHaveRun: true })
    // It would ask again within 2 ms.
    await new Promise((resolve) => setTimeout(resolve, 150))
    expect(planner.count("EXECUTE_BATCH_STATUS")).toBe(3)
    const before = await errorOf(client.invoke({ ...call, signal: leaving.signal }))
    expect(before).toMatchObject({ kind: ErrorKind.CANCELLED, mayHaveRun: false })
  })

  it("knows whether a call may have run when the planner is gone", async () => {
    const { planner, client } = await start(() => notYet)
    await planner.stop()
    expect(await errorOf(client.invoke(call))).toMatchObject({
      kind: ErrorKind.UNAVAILABLE,
      mayHaveRun: false,
    })
    const { client: cut } = await start((_request, response) => {
      response.destroy()
      return undefined
    })
    expect(await errorOf(cut.invoke(call))).toMatchObject({ kind: ErrorKind.UNAVAILABLE, mayHaveRun: true })
  })

  it("survives polls that get lost", async () => {
    let polls = 0
    const answer = doneAfter(0, { output_data: "x" })
    const { client } = await start((request, response) => {
      if (request.type === "EXECUTE_BATCH" || ++polls > 3) return answer(request, response)
      response.destroy()
      return undefined
    })
    expect(Buffer.from((await client.invoke(call)).output).toString()).toBe("x")
  })

  it("runs a batch once, whatever happens to it", async () => {
    const { planner, client } = await start((request) =>
      request.type === "EXECUTE_BATCH" ? [503, "proxy error"] : notYet,
    )
    expect(await errorOf(client.invoke(call))).toMatchObject({
      kind: ErrorKind.UNAVAILABLE,
      mayHaveRun: true,
    })
    expect(planner.count("EXECUTE_BATCH")).toBe(1)
  })

  it.each(["nonsense", "[]", "null", '{"messageResults":5}', '{"messageResults":[{"id":"x"}]}'])(
    "takes %s for no status",
    async (text) => {
      const { client } = await start((request) => [200, request.type === "EXECUTE_BATCH" ? "{}" : text])
      const error = await errorOf(client.invoke({ ...call, timeoutMs: 50 }))
      expect([ErrorKind.UNAVAILABLE, ErrorKind.TIMEOUT]).toContain(error.kind)
    },
  )

  it("tells whether there is a host", async () => {
    const ready = async (answer: PlannerAnswerer) => (await start(answer)).client.ready()
    expect(await ready(() => [200, '{"hosts":[{"ip":"1","slots":2}]}'])).toBe(true)
    expect(await ready(() => [200, "{}"])).toBe(false)
    expect(await ready(() => [500, "no"])).toBe(false)
    expect(await ready(() => [200, "null"])).toBe(false)
  })
})
