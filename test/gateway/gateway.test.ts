import { fromBinary } from "@bufbuild/protobuf"
import { Hono } from "hono"
import { validator } from "hono/validator"
import { describe, expect, it } from "vitest"
import { InvokeError } from "../../src/channel/function-client.ts"
import type { GatewayEvent } from "../../src/gateway/events.ts"
import { Gateway, type GatewayParts } from "../../src/gateway/gateway.ts"
import type { AnyHono } from "../../src/gateway/rebuild.ts"
import type { ServerTiming } from "../../src/gateway/server-timing.ts"
import { SinglePath } from "../../src/gateway/single-path.ts"
import { ErrorKind, TimingsLevel } from "../../src/gen/faasm/rpc/v1/function_service_pb.ts"
import { FailureKind, type Invocation, InvocationSchema } from "../../src/gen/hono_faasm/v1/invocation_pb.ts"
import { type TestRoute, testBuild } from "./test-build.ts"
import { TestClient, type TestFunction } from "./test-function.ts"

/** A gateway of the app, whose functions run in the test. */
function start(app: AnyHono, routes: TestRoute[], run: TestFunction, parts: Partial<GatewayParts> = {}) {
  const client = new TestClient(run)
  const events: GatewayEvent[] = []
  const gateway = new Gateway({
    build: testBuild(routes),
    path: new SinglePath(client, "protobuf"),
    timeoutMs: 5000,
    maxBodyBytes: 1000,
    serverTiming: false,
    health: {},
    statusPath: undefined,
    log: (event) => events.push(event),
    ...parts,
  })
  return { client, events, gateway, served: gateway.serve(app) }
}

const ok = (text = "ok") => ({ body: { case: "json" as const, value: JSON.stringify({ text }) } })
const local = () => {
  throw new Error("the app's own handler ran")
}
const root: TestRoute = { index: 0, method: "GET", path: "/" }

describe("what a function gets", () => {
  const seen = async (app: AnyHono, route: TestRoute, request: Request): Promise<Invocation> => {
    const { client, served } = start(app, [route], () => ok())
    expect((await served.fetch(request)).status).toBe(200)
    return fromBinary(InvocationSchema, client.calls[0]!.input)
  }

  it("everything that the handler may read", async () => {
    const app = new Hono<{ Variables: Record<string, unknown> }>()
    app.use(async (c, next) => {
      c.set("text", "t")
      c.set("number", 1.5)
      c.set("flag", false)
      c.set("user", { id: 1 })
      c.set("none", null)
      c.set("socket", new Map())
      await next()
    })
    app.post("/shops/:id", local)
    const request = new Request("http://shop.test/shops/a%20b?x=1", {
      method: "POST",
      body: "raw",
      headers: { "X-A": "1" },
    })
    const invocation = await seen(app, { index: 1, method: "POST", path: "/shops/:id" }, request)
    expect(invocation).toMatchObject({
      schemaHash: 0x0123456789abcdefn,
      route: 1,
      timeoutMs: 5000,
      method: "POST",
    })
    expect(invocation.url).toBe("http://shop.test/shops/a%20b?x=1")
    expect(invocation.headers.map(({ name, value }) => [name, value])).toEqual([
      ["content-type", "text/plain;charset=UTF-8"],
      ["x-a", "1"],
    ])
    expect(Buffer.from(invocation.body!).toString()).toBe("raw")
    expect(invocation.params).toEqual([])
    expect(invocation.variables.map(({ name, value }) => [name, value.case, value.value])).toEqual([
      ["text", "text", "t"],
      ["number", "number", 1.5],
      ["flag", "boolean", false],
      ["user", "json", '{"id":1}'],
      ["none", "json", "null"],
      ["socket", "unavailable", "Map"],
    ])
    expect(invocation.input.case).toBe("message")
  })

  it("nothing that it does not read", async () => {
    const needs = { headers: false, body: false, url: false, variables: false }
    const app = new Hono<{ Variables: { x: string } }>().use(async (c, next) => {
      c.set("x", "y")
      await next()
    })
    app.post("/", local)
    const request = new Request("http://shop.test/", { method: "POST", body: "raw" })
    const invocation = await seen(app, { index: 1, method: "POST", path: "/", needs }, request)
    expect(invocation).toMatchObject({ url: "", headers: [], params: [], variables: [] })
    expect(invocation.body).toBeUndefined()
  })

  it("raw parameters when a validator may have changed them, and which are absent", async () => {
    const app = new Hono()
    app.get(
      "/:id/:more?",
      validator("param", (value) => ({ id: `${value.id}!` })),
      local,
    )
    const route = { index: 1, method: "GET", path: "/:id/:more?", validated: ["param"] }
    const invocation = await seen(app, route, new Request("http://shop.test/x"))
    expect([invocation.params, invocation.absentParams, invocation.method]).toEqual([["x", ""], [1], ""])
  })

  it("JSON text when a value does not fit", async () => {
    const app = new Hono().post(
      "/",
      validator("json", () => ({ n: "many" })),
      local,
    )
    const route = { index: 1, method: "POST", path: "/", validated: ["json"] }
    const { client, events, gateway, served } = start(app, [route], () => ok())
    await served.request("/", { method: "POST" })
    const { input } = fromBinary(InvocationSchema, client.calls[0]!.input)
    expect(input).toEqual({ case: "messageJson", value: '{"json":{"n":"many"}}' })
    expect(events).toMatchObject([{ misfits: [expect.stringMatching(/^request json\.n: /)] }])
    expect(Object.values(gateway.status().routes[0]!.misfits)).toEqual([1])
  })

  it("nothing at all when it can't travel: the handler runs in the gateway", async () => {
    const app = new Hono().post(
      "/",
      validator("json", () => ({ n: new Map([[1, 2]]) })),
      (c) => c.json({ size: c.req.valid("json").n.size }),
    )
    const route = { index: 1, method: "POST", path: "/", validated: ["json"] }
    const { client, events, served } = start(app, [route], () => ok())
    expect(await (await served.request("/", { method: "POST" })).json()).toEqual({ size: 1 })
    expect(client.calls).toEqual([])
    expect(events).toMatchObject([
      { way: "local", localReason: "a validated input has a Map at json.n", status: 200 },
    ])
  })

  it("nothing either when a part without a mapping has something that JSON would lose", async () => {
    const app = new Hono().post(
      "/",
      validator("form", () => ({ files: [new File(["abc"], "a.txt")] })),
      (c) => c.text(c.req.valid("form").files[0]!.name),
    )
    const route = { index: 1, method: "POST", path: "/", validated: ["form"] }
    const { events, served } = start(app, [route], () => ok())
    expect(await (await served.request("/", { method: "POST" })).text()).toBe("a.txt")
    expect(events).toMatchObject([{ localReason: "a validated input has a File at files[0] in form" }])
  })

  it("how the call is to be made", async () => {
    const app = new Hono().on(["GET", "POST", "PUT"], "/", local)
    const { client, served } = start(
      app,
      [root, { ...root, index: 1, method: "POST" }, { ...root, index: 2, method: "PUT" }],
      () => ok(),
    )
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    await served.request("/", { headers: { traceparent } })
    await served.request("/", { method: "POST", headers: { traceparent: "bad" } })
    await served.request("/", { method: "PUT" })
    expect(client.calls).toMatchObject([
      { user: "tester", function: "test-fn", timeoutMs: 5000, idempotent: true, traceparent },
      { idempotent: false, traceparent: undefined },
      { idempotent: true },
    ])
    const leaving = new AbortController()
    await served.request(new Request("http://x/", { signal: leaving.signal }))
    leaving.abort()
    expect(client.calls[3]!.signal?.aborted).toBe(true)
  })
})

describe("what a client gets", () => {
  const app = new Hono().get("/", local)

  it("the message as JSON", async () => {
    const message = Buffer.from([0x0a, 0x04, 0x0a, 0x02, 0x68, 0x69])
    const { served } = start(app, [root], () => ({ body: { case: "message", value: message } }))
    expect(await (await served.request("/")).text()).toBe('{"text":"hi"}')
  })

  it.each([
    [ErrorKind.TRAP, true, 500, "function_crashed"],
    [ErrorKind.TIMEOUT, true, 504, "timeout"],
    [ErrorKind.UNKNOWN_FUNCTION, false, 502, "unknown_function"],
    [ErrorKind.OVERLOADED, false, 503, "overloaded"],
    [ErrorKind.CANCELLED, true, 499, "cancelled"],
    [ErrorKind.OUT_OF_MEMORY, true, 500, "out_of_memory"],
    [ErrorKind.INPUT_TOO_LARGE, false, 413, "request_too_large"],
    [ErrorKind.OUTPUT_TOO_LARGE, true, 500, "response_too_large"],
    [ErrorKind.UNAVAILABLE, false, 503, "unavailable"],
    [ErrorKind.UNAVAILABLE, true, 502, "connection_lost"],
    [ErrorKind.INVALID_FUNCTION, false, 502, "invalid_function"],
    [ErrorKind.UNSPECIFIED, true, 502, "unknown"],
  ])(
    "error kind %s, may have run %s: status %s %s, without details",
    async (kind, mayHaveRun, status, code) => {
      const { served, events } = start(app, [root], () => {
        throw new InvokeError(kind, "10.0.0.7: secret details", { mayHaveRun })
      })
      const response = await served.request("/")
      expect(response.status).toBe(status)
      const text = await response.text()
      expect(JSON.parse(text)).toEqual({ error: { code, message: expect.any(String), mayHaveRun } })
      expect(text).not.toContain("secret")
      expect(response.headers.get("retry-after")).toBe(status === 503 ? "1" : null)
      expect(events).toMatchObject([{ type: "call", status, error: { message: "10.0.0.7: secret details" } }])
    },
  )

  it.each([
    [FailureKind.SCHEMA_MISMATCH, 502, "schema_mismatch", false],
    [FailureKind.BAD_INVOCATION, 502, "bad_invocation", false],
    [FailureKind.UNKNOWN_ROUTE, 502, "schema_mismatch", false],
    [FailureKind.THROWN, 500, "handler_failed", true],
    [FailureKind.NEVER_SETTLED, 500, "never_settled", true],
    [FailureKind.TIMEOUT, 504, "timeout", true],
    [FailureKind.OUT_OF_MEMORY, 500, "out_of_memory", true],
    [FailureKind.BAD_RESPONSE, 500, "bad_response", true],
    [99 as FailureKind, 502, "unknown", true],
  ])("failure kind %s: status %s %s", async (kind, status, code, mayHaveRun) => {
    const { served } = start(app, [root], () => ({ failure: { kind, message: "secret" } }))
    const response = await served.request("/")
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ error: { code, mayHaveRun } })
  })

  it("an error when the function is of another build, or answers nonsense", async () => {
    const other = start(app, [root], () => ({ schemaHash: 1n, ...ok() }))
    expect(await (await other.served.request("/")).json()).toMatchObject({
      error: { code: "schema_mismatch" },
    })
    const { client, served } = start(app, [root], () => ok())
    for (const output of [Buffer.from(""), Buffer.from("hello"), Buffer.from("{"), Buffer.from([9, 1])]) {
      client.invoke = async () => ({
        output,
        way: "rpc",
      })
      const response = await served.request("/")
      expect([response.status, await response.json()]).toMatchObject([502, { error: { code: "bad_reply" } }])
    }
  })

  it("errors that middleware sees as c.error, with the headers it prepared", async () => {
    let seen: Error | undefined
    const own = new Hono().use(async (c, next) => {
      c.header("access-control-allow-origin", "*")
      await next()
      seen = c.error
    })
    own.get("/", local)
    const { served } = start(own, [{ ...root, index: 1 }], () => {
      throw new InvokeError(ErrorKind.TIMEOUT, "slow", { mayHaveRun: true })
    })
    const response = await served.request("/")
    expect(response.headers.get("access-control-allow-origin")).toBe("*")
    expect(seen).toMatchObject({ name: "OffloadError", code: "timeout", status: 504, mayHaveRun: true })
  })

  it("Server-Timing when asked for", async () => {
    const asked = async (serverTiming: ServerTiming) => {
      const { client, served } = start(app, [root], () => ok(), { serverTiming })
      const header = (await served.request("/")).headers.get("server-timing")
      return [client.calls[0]!.timings, header]
    }
    expect(await asked(false)).toEqual([TimingsLevel.UNSPECIFIED, null])
    expect(await asked(true)).toEqual([
      TimingsLevel.BRIEF,
      expect.stringMatching(/^encode;dur=[\d.]+, queue;dur=1;desc="cold", execute;dur=2, decode;dur=[\d.]+$/),
    ])
    expect(await asked("detailed")).toEqual([
      TimingsLevel.DETAILED,
      expect.stringMatching(/total;dur=[\d.]+$/),
    ])
  })

  it("no Server-Timing when the server does not tell", async () => {
    const { client, served } = start(app, [root], () => ok(), { serverTiming: true })
    const invoke = client.invoke.bind(client)
    client.invoke = async (call) => ({ ...(await invoke(call)), timings: undefined })
    const response = await served.request("/")
    expect([response.status, response.headers.get("server-timing")]).toEqual([200, null])
  })
})

describe("Gateway", () => {
  it("leaves routes that stay local, and the given app, as they are", async () => {
    const app = new Hono().get("/", (c) => c.text("native")).get("/local", (c) => c.text("local"))
    const routes = [root, { index: 1, method: "GET", path: "/local", function: null, local: "needs node:os" }]
    const { served, gateway } = start(app, routes, () => ok())
    expect(await (await served.request("/")).json()).toEqual({ text: "ok" })
    expect(await (await served.request("/local")).text()).toBe("local")
    expect(await (await app.request("/")).text()).toBe("native")
    expect(gateway.status()).toMatchObject({
      app: "test",
      inFlight: 0,
      routes: [
        { path: "/", calls: { rpc: 1, planner: 0, local: 0 }, lastWay: "rpc", failed: 0 },
        { function: null },
      ],
    })
  })

  it("refuses an app that is not the build's", () => {
    const changed = (app: AnyHono) => () => start(app, [{ ...root, path: "/orders" }], () => ok())
    const code = expect.objectContaining({
      code: "build_stale",
      message: expect.stringContaining("hono-faasm build"),
    })
    expect(changed(new Hono())).toThrow(code)
    expect(changed(new Hono().get("/order", local))).toThrow(code)
    expect(changed(new Hono().post("/orders", local))).toThrow(code)
  })

  it("tells its health, unless the app has such routes", async () => {
    const app = new Hono().get("/", local).get("/healthz", (c) => c.text("own"))
    const { client, served } = start(app, [root], () => ok(), { statusPath: "/status" })
    expect(await (await served.request("/healthz")).text()).toBe("own")
    expect((await served.request("/readyz")).status).toBe(200)
    client.isReady = false
    const response = await served.request("/readyz")
    expect([response.status, await response.json()]).toEqual([
      503,
      { status: "unavailable", reason: "functions can't be reached" },
    ])
    expect(await (await served.request("/status")).json()).toMatchObject({ app: "test", draining: false })
    const without = start(app, [root], () => ok(), { health: false })
    expect((await without.served.request("/readyz")).status).toBe(404)
  })

  it("drains: answers what is under way, then closes and refuses", async () => {
    let finish = () => {}
    const { client, gateway, served } = start(
      new Hono().get("/", local),
      [root],
      () => new Promise((resolve) => (finish = () => resolve(ok()))),
    )
    const under = served.request("/")
    await new Promise((resolve) => setImmediate(resolve))
    const closed = gateway.close()
    expect((await served.request("/readyz")).status).toBe(503)
    expect(client.closed).toBe(false)
    finish()
    expect((await under).status).toBe(200)
    await closed
    expect(client.closed).toBe(true)
    const refused = await served.request("/")
    expect([refused.status, await refused.json()]).toMatchObject([503, { error: { code: "draining" } }])
  })

  it("does not wait longer than the grace for what is under way", async () => {
    const { gateway, served } = start(new Hono().get("/", local), [root], () => new Promise(() => {}))
    void served.request("/")
    await new Promise((resolve) => setImmediate(resolve))
    await gateway.close(10)
    expect(gateway.status()).toMatchObject({ inFlight: 1, draining: true })
  })
})
