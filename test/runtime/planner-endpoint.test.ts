import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type Runtime, startRuntime } from "../../src/runtime/index.ts"
import { ECHO, guest } from "./wat.ts"

let runtime: Runtime

beforeAll(async () => {
  // A loop ends after this; all that is looked at meanwhile takes a hundredth of it.
  runtime = await startRuntime({ slots: 2, timeoutMs: 5000, log: () => {} })
  await runtime.upload("demo", "echo", ECHO)
  await runtime.upload("demo", "loop", guest("(loop (br 0))"))
  await runtime.upload("demo", "trap", guest("unreachable"))
  await runtime.upload("demo", "exit", guest("(call $exit (i32.const 5))"))
})
afterAll(() => runtime.close(0))

async function post(body: string): Promise<[status: number, body: string]> {
  const response = await fetch(runtime.url, { method: "POST", body })
  return [response.status, await response.text()]
}

const planner = (type: string | number, payload?: unknown) =>
  post(
    JSON.stringify({ http_type: type, ...(payload !== undefined && { payload: JSON.stringify(payload) }) }),
  )

let lastApp = 1000

/** A batch of calls of one function, as faasmctl sends it. */
function batch(name: string, ...inputs: (string | Buffer)[]) {
  const appId = ++lastApp
  const messages = inputs.map((input, index) => ({
    id: index + 1,
    appId,
    user: "demo",
    function: name,
    input_data: Buffer.from(input as string).toString("base64"),
  }))
  return { appId, user: "demo", function: name, messages }
}

/** Starts a batch, once slots are free for it: one whose call has just been ended comes back a little later. */
async function execute(request: ReturnType<typeof batch>): Promise<void> {
  for (;;) {
    const [status, body] = await planner("EXECUTE_BATCH", request)
    if (status === 200) return
    expect(body).toBe("No available hosts")
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** Polls until the app is finished. */
async function results(appId: number): Promise<Record<string, unknown>[]> {
  for (;;) {
    const [status, body] = await planner("EXECUTE_BATCH_STATUS", { appId })
    if (status === 500) expect(body).toBe("App not registered in results")
    else {
      expect(status).toBe(200)
      const answer = JSON.parse(body)
      expect(answer.appId).toBe(appId)
      if (answer.finished) return answer.messageResults
    }
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

describe("EXECUTE_BATCH", () => {
  test("answers with a status without result, and the result when polled", async () => {
    const request = batch("echo", "hello, wörld")
    expect(await planner("EXECUTE_BATCH", request)).toEqual([200, `{"appId":${request.appId}}`])
    const [result] = await results(request.appId)
    expect(result).toEqual({
      ...request.messages[0],
      output_data: "hello, wörld",
      executedHost: "127.0.0.1",
      start_ts: expect.stringMatching(/^\d{13}$/),
      finish_ts: expect.stringMatching(/^\d{13}$/),
    })
  })

  test("takes a number for the type, and both names of a field", async () => {
    const { appId } = batch("echo")
    const messages = [{ id: "3", appId, user: "demo", function: "echo", inputData: "aGk=", isPython: null }]
    const payload = JSON.stringify({ appId, user: "demo", function: "echo", messages, type: "FUNCTIONS" })
    expect((await post(JSON.stringify({ type: 10, payloadJson: payload })))[0]).toBe(200)
    expect(await results(appId)).toMatchObject([{ id: 3, input_data: "aGk=", output_data: "hi" }])
  })

  test("runs the messages of a batch at once, in as many slots", async () => {
    const request = batch("echo", "a", "b")
    await execute(request)
    const outputs = (await results(request.appId)).map(({ output_data }) => output_data)
    expect(outputs.sort()).toEqual(["a", "b"])
  })

  test("has an error's text as the output, and a return value", async () => {
    for (const [name, returnValue, text] of [
      ["trap", 1, "Task 1 threw exception. What: demo/trap trapped: unreachable"],
      ["nowhere", 1, "Task 1 threw exception. What: there is no function demo/nowhere"],
      ["exit", 5, "Call failed (return value=5)"],
    ] as const) {
      const request = batch(name, "")
      await execute(request)
      expect(await results(request.appId)).toMatchObject([{ returnValue, output_data: text }])
    }
  })

  test("does not pass on an output that is no text", async () => {
    const request = batch("echo", Buffer.from([0xff, 0xfe]))
    await execute(request)
    expect(await results(request.appId)).toMatchObject([
      { returnValue: 1, output_data: expect.stringMatching(/UTF-8/) },
    ])
  })

  test("is refused when there are not enough slots", async () => {
    expect(await planner("EXECUTE_BATCH", batch("echo", "1", "2", "3"))).toEqual([500, "No available hosts"])
    const busy = batch("loop", "", "")
    await execute(busy)
    expect(await planner("EXECUTE_BATCH", batch("echo", "1"))).toEqual([500, "No available hosts"])
    expect(JSON.parse((await planner("GET_AVAILABLE_HOSTS"))[1])).toEqual({
      hosts: [
        { ip: "127.0.0.1", slots: 2, usedSlots: 2, registerTs: { epochMs: expect.stringMatching(/^\d+$/) } },
      ],
    })
    expect(JSON.parse((await planner("GET_IN_FLIGHT_APPS"))[1])).toEqual({
      apps: [{ appId: busy.appId, hostIps: ["127.0.0.1", "127.0.0.1"] }],
    })
    expect(await results(busy.appId)).toMatchObject([{ returnValue: 1 }, { returnValue: 1 }])
    expect(await planner("GET_IN_FLIGHT_APPS")).toEqual([200, "{}"])
  })

  test.each([
    ["no user", { appId: 1, function: "echo" }],
    ["no function", { appId: 1, user: "demo" }],
    ["nothing", {}],
    [
      "another app's message",
      { appId: 1, user: "demo", function: "echo", messages: [{ appId: 2, user: "demo", function: "echo" }] },
    ],
    [
      "another user's message",
      { appId: 1, user: "demo", function: "echo", messages: [{ appId: 1, user: "you", function: "echo" }] },
    ],
  ])("is refused when it is malformed: %s", async (_, payload) => {
    expect(await planner("EXECUTE_BATCH", payload)).toEqual([400, "Bad BatchExecRequest"])
  })

  test.each([
    "foo bar",
    "[]",
    "null",
    "1",
    '{"appId":"x"}',
    '{"appId":1.5}',
    '{"nosuchfield":1}',
    '{"messages":{}}',
  ])("is refused when its payload is %s", async (payload) => {
    expect(await post(JSON.stringify({ http_type: "EXECUTE_BATCH", payload }))).toEqual([
      400,
      "Bad JSON in body's payload",
    ])
  })
})

describe("the planner", () => {
  test("refuses what is no message of its", async () => {
    expect(await post("")).toEqual([400, "Empty request"])
    for (const body of ["{", "[]", '"x"', '{"http_type":"NOPE"}', '{"nope":1}', '{"payload":{}}'])
      expect(await post(body)).toEqual([400, "Bad JSON in request body"])
    expect(await post("{}")).toEqual([400, "Unrecognised message type"])
    expect(await planner(99)).toEqual([400, "Unrecognised message type"])
    expect(await planner("EXECUTE_BATCH_STATUS", { appId: 424242 })).toEqual([
      500,
      "App not registered in results",
    ])
    expect(await post('{"http_type":"EXECUTE_BATCH_STATUS","payload":"foo"}')).toEqual([
      400,
      "Bad JSON in request body",
    ])
  })

  test.each(["execGraphDetails", "intExecGraphDetails", "chainedMsgIds", "startTimestamp", "id", "mpiRank"])(
    "refuses a %s that is nested without end",
    async (field) => {
      const nested = `${"[".repeat(100_000)}${"]".repeat(100_000)}`
      const value = /Details/.test(field) ? `{"a":${nested}}` : nested
      const payload = `{"appId":7,"user":"demo","function":"echo","messages":[{"user":"demo","function":"echo","${field}":${value}}]}`
      expect(await post(JSON.stringify({ http_type: "EXECUTE_BATCH", payload }))).toEqual([
        400,
        "Bad JSON in body's payload",
      ])
    },
  )

  test("forgets results on a reset, and keeps the functions", async () => {
    for (const [type, text] of [
      ["RESET", "Planner fully reset!"],
      ["FLUSH_SCHEDULING_STATE", "Flushed scheduling state!"],
    ] as const) {
      const request = batch("echo", "x")
      await execute(request)
      await results(request.appId)
      expect(await planner(type)).toEqual([200, text])
      expect((await planner("EXECUTE_BATCH_STATUS", { appId: request.appId }))[0]).toBe(500)
    }
    expect(await planner("FLUSH_EXECUTORS")).toEqual([200, "Flushed executors!"])
    expect(await planner("FLUSH_AVAILABLE_HOSTS")).toEqual([200, "Flushed available hosts!"])
    const request = batch("echo", "again")
    await execute(request)
    expect(await results(request.appId)).toMatchObject([{ output_data: "again" }])
  })
})

describe("the upload API", () => {
  const at = (path: string, init?: RequestInit) => fetch(`${runtime.url}${path}`, init)

  test("takes a function and gives it back", async () => {
    const put = await at("/f/demo/uploaded", { method: "PUT", body: ECHO as Uint8Array<ArrayBuffer> })
    expect([put.status, await put.text()]).toEqual([200, "Function upload complete\n"])
    const request = batch("uploaded", "ok")
    await execute(request)
    expect(await results(request.appId)).toMatchObject([{ output_data: "ok" }])
    const got = await at("/f/demo/uploaded")
    expect(Buffer.from(await got.arrayBuffer()).equals(ECHO)).toBe(true)
  })

  test("answers as Faasm's otherwise", async () => {
    const answers = async (path: string, method: string, body?: string) => {
      const response = await at(path, { method, body })
      return [response.status, await response.text()]
    }
    expect(await answers("/ping", "GET")).toEqual([200, "PONG"])
    expect(await answers("/f/demo/nowhere", "GET")).toEqual([500, "Empty response"])
    expect(await answers("/f/demo", "PUT", "x")).toEqual([400, "Bad URL, expected single path part f/demo"])
    expect(await answers("/s/demo/key", "PUT", "x")).toEqual([400, "Unrecognised PUT request to s/demo/key"])
    expect(await answers("/f/demo/bad", "PUT", "x")).toEqual([
      400,
      expect.stringMatching(/^demo\/bad is not a Faasm function/),
    ])
    expect((await answers("/elsewhere", "GET"))[0]).toBe(404)
    expect(await answers("/f/demo/large", "PUT", "x".repeat(33 * 1024 * 1024))).toEqual([
      413,
      "the body has more than 33554432 bytes",
    ])
  })
})

test("counts everything that is kept of a message", async () => {
  const first = lastApp + 1
  for (let i = 0; i < 36; i++) {
    const request = batch("nowhere", "")
    Object.assign(request.messages[0]!, { cmdline: "x".repeat(2_000_000) })
    await execute(request)
  }
  expect(await planner("EXECUTE_BATCH_STATUS", { appId: first })).toEqual([
    500,
    "App not registered in results",
  ])
  expect((await planner("EXECUTE_BATCH_STATUS", { appId: lastApp }))[0]).toBe(200)
})
