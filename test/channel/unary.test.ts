import { afterEach, beforeEach, expect, it } from "vitest"
import { type Channel, openChannel } from "../../src/channel/index.ts"
import { ErrorKind } from "../../src/gen/faasm/rpc/v1/function_service_pb.ts"
import { describeServers, type TestServer } from "../support/function-servers.ts"
import { type ChaosProxy, startChaosProxy } from "./chaos-proxy.ts"

describeServers(({ start }) => {
  let server: TestServer
  let proxy: ChaosProxy
  let channel: Channel
  beforeEach(async () => {
    server = await start({ echoDelayMs: [200, 200] })
    proxy = await startChaosProxy(server.url, { seed: 1, rates: {} })
    channel = openChannel({ servers: [proxy.url] })
    await channel.ready(5000)
  })
  afterEach(async () => {
    await channel.close()
    await proxy.close()
    await server.close()
  })

  /** Starts a call that is too large for a frame. */
  function invoke(idempotent: boolean) {
    const input = Buffer.alloc(2 * 1024 * 1024, "ab")
    return channel.invoke({ user: "u", function: "echo", input, idempotent, timeoutMs: 10_000 })
  }

  const running = (calls: number) =>
    expect.poll(() => server.invoker.calls.length, { interval: 5 }).toBe(calls)

  it("repeats an idempotent call whose answer is lost", async () => {
    const answer = invoke(true)
    await running(1)
    proxy.cutAll()
    expect((await answer).output).toHaveLength(2 * 1024 * 1024)
    expect(server.invoker.calls).toHaveLength(2)
  })

  it("repeats it once, not for ever", async () => {
    const answer = invoke(true)
    answer.catch(() => {})
    for (const calls of [1, 2]) {
      await running(calls)
      proxy.cutAll()
    }
    await expect(answer).rejects.toMatchObject({ kind: ErrorKind.UNAVAILABLE, mayHaveRun: true })
    expect(server.invoker.calls).toHaveLength(2)
  })

  it("does not repeat any other call", async () => {
    const answer = invoke(false)
    answer.catch(() => {})
    await running(1)
    proxy.cutAll()
    await expect(answer).rejects.toMatchObject({ kind: ErrorKind.UNAVAILABLE, mayHaveRun: true })
    expect(server.invoker.calls).toHaveLength(1)
  })
})
