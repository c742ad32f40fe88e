import { once } from "node:events"
import type { AddressInfo } from "node:net"
import { serve } from "@hono/node-server"
import { Hono } from "hono"
import { expect, it } from "vitest"
import { InvokeError } from "../../src/channel/function-client.ts"
import { Gateway } from "../../src/gateway/gateway.ts"
import type { GatewayEvent } from "../../src/gateway/index.ts"
import { SinglePath } from "../../src/gateway/single-path.ts"
import { ErrorKind } from "../../src/gen/faasm/rpc/v1/function_service_pb.ts"
import { testBuild } from "./test-build.ts"
import { TestClient } from "./test-function.ts"

it("gives a call up when its client disconnects", async () => {
  const events: GatewayEvent[] = []
  let begun = () => {}
  const begins = new Promise<void>((resolve) => (begun = resolve))
  const client = new TestClient((_, { signal }) => {
    begun()
    return new Promise((_, reject) => {
      signal!.addEventListener("abort", () => {
        reject(new InvokeError(ErrorKind.CANCELLED, "gone", { mayHaveRun: true }))
      })
    })
  })
  const gateway = new Gateway({
    build: testBuild([{ index: 0, method: "GET", path: "/slow" }]),
    path: new SinglePath(client, "protobuf"),
    timeoutMs: 5000,
    maxBodyBytes: 1000,
    serverTiming: false,
    health: false,
    statusPath: undefined,
    log: (event) => events.push(event),
  })
  const app = gateway.serve(new Hono().get("/slow", (c) => c.text("own")))
  const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" })
  try {
    await once(server, "listening")
    const leaving = new AbortController()
    const { port } = server.address() as AddressInfo
    const request = fetch(`http://127.0.0.1:${port}/slow`, { signal: leaving.signal })
    await begins
    leaving.abort()
    await expect(request).rejects.toThrow()
    await expect
      .poll(() => events)
      .toMatchObject([{ type: "call", status: 499, error: { code: "cancelled" } }])
    expect(gateway.status().inFlight).toBe(0)
  } finally {
    server.close()
  }
})
