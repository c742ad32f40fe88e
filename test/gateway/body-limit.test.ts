import { once } from "node:events"
import http from "node:http"
import type { AddressInfo } from "node:net"
import { serve } from "@hono/node-server"
import { Hono } from "hono"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Gateway } from "../../src/gateway/gateway.ts"
import { SinglePath } from "../../src/gateway/single-path.ts"
import { testBuild } from "./test-build.ts"
import { TestClient } from "./test-function.ts"

const client = new TestClient(() => ({ body: { case: "json", value: "{}" } }))
/** A gateway that runs the app's row at `index` as a function. */
function offloaded(app: Hono, index = 0): Hono {
  const gateway = new Gateway({
    build: testBuild([{ index, method: "POST", path: "/" }]),
    path: new SinglePath(client, "protobuf"),
    timeoutMs: 5000,
    maxBodyBytes: 1000,
    serverTiming: false,
    health: false,
    statusPath: undefined,
    log: () => {},
  })
  return gateway.serve(app)
}

const served = offloaded(new Hono().post("/", (c) => c.text("the app's own handler")))
const server = serve({ fetch: served.fetch, port: 0, hostname: "127.0.0.1" })
beforeAll(async () => void (server.listening || (await once(server, "listening"))))
afterAll(() => void server.close())

/** Sends a body piece by piece, for as long as it is not answered; tells the answer's status. */
async function upload(headers: http.OutgoingHttpHeaders, pieces: number, pieceBytes: number) {
  const { port } = server.address() as AddressInfo
  const request = http.request({ port, host: "127.0.0.1", method: "POST", headers })
  let answered = false
  const answer = once(request, "response") as Promise<[http.IncomingMessage]>
  void answer.then(() => (answered = true)).catch(() => {})
  // The gateway may close the connection under what is still being sent.
  request.on("error", () => {})
  for (let sent = 0; sent < pieces && !answered; sent++) {
    request.write(Buffer.alloc(pieceBytes))
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  if (!answered) request.end()
  const [response] = await answer
  response.resume()
  request.destroy()
  return response.statusCode
}

describe("a body above maxBodyBytes", () => {
  it("is refused by its content length, before it is sent", async () => {
    expect(await upload({ "content-length": 100_000_000 }, Number.POSITIVE_INFINITY, 10)).toBe(413)
  })

  it("is refused in the middle when it tells no length", async () => {
    expect(await upload({}, Number.POSITIVE_INFINITY, 100)).toBe(413)
  })

  it("is refused when middleware has read it", async () => {
    const app = new Hono()
    app.use(async (c, next) => {
      await c.req.text()
      await next()
    })
    app.post("/", (c) => c.text("own"))
    const response = await offloaded(app, 1).request("/", { method: "POST", body: "x".repeat(1001) })
    expect(response.status).toBe(413)
    expect(await response.json()).toEqual({
      error: { code: "request_too_large", message: "The request is too large.", mayHaveRun: false },
    })
  })

  it("and up to it is not", async () => {
    const body = "x".repeat(1000)
    expect((await served.request("/", { method: "POST", body })).status).toBe(200)
    expect(await upload({ "content-length": 1000 }, 10, 100)).toBe(200)
    expect(await upload({}, 10, 100)).toBe(200)
  })
})
