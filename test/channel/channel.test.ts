import { afterEach, describe, expect, it } from "vitest"
import { Code } from "@connectrpc/connect"
import { type Channel, type ChannelOptions, openChannel } from "../../src/channel/index.ts"
import { ErrorKind } from "../../src/gen/faasm/rpc/v1/function_service_pb.ts"
import { startTestServer, type TestServer } from "./test-server.ts"

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function serve(options?: Parameters<typeof startTestServer>[0]): Promise<TestServer> {
  const server = await startTestServer(options)
  cleanups.push(() => server.close())
  return server
}

function open(servers: string[], options: Omit<ChannelOptions, "servers"> = {}): Channel {
  const channel = openChannel({ servers, ...options })
  cleanups.push(() => channel.close())
  return channel
}

const call = (name: string, input: string | Uint8Array, more = {}) => ({
  user: "u",
  function: name,
  input: Buffer.from(input),
  idempotent: false,
  ...more,
})

describe("a channel", () => {
  it("calls a function", async () => {
    const server = await serve()
    const channel = open([server.url])
    const result = await channel.invoke(call("echo", "hello", { traceparent: "00-1-2-03" }))
    expect(Buffer.from(result.output).toString()).toBe("hello")
    expect(result).toMatchObject({ way: "rpc", timings: { queuedUs: 1, executedUs: 2, cold: false } })
    expect(server.invoker.calls[0]).toMatchObject({ user: "u", function: "echo", traceparent: "00-1-2-03" })
  })

  it("answers many at once, out of order", async () => {
    const server = await serve()
    const channel = open([server.url])
    server.invoker.delay = () => Math.random() * 20
    const results = await Promise.all(
      Array.from({ length: 3000 }, (_, i) =>
        i < 2000 ? channel.invoke(call("echo", String(i))) : undefined,
      ),
    )
    for (let i = 0; i < 2000; i++) expect(Buffer.from(results[i]!.output).toString()).toBe(String(i))
    expect(channel.status()[0]).toMatchObject({ ready: true, inFlight: 0 })
  })
})
