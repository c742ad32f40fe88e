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
    server = await start()
    proxy = await startChaosProxy(server.url, { seed: 1, rates: {} })
    channel = openChannel({ servers: [proxy.url] })
    await channel.ready(5000)
  })
  afterEach(async () => {
    await channel.close()
    await proxy.close()
    await server.close()
  })

  /** A call that is too large for a frame, as is its answer. */
  function invoke(idempotent: boolean) {
    const input = Buffer.alloc(2 * 1024 * 1024, "ab")
    return channel.invoke({ user: "u", function: "echo", input, idempotent })
  }

  it("repeats an idempotent call whose answer is lost", async () => {
    proxy.loseAnswers(1, 1024 * 1024)
    expect((await invoke(true)).output).toHaveLength(2 * 1024 * 1024)
    expect(server.invoker.calls).toHaveLength(2)
  })

  it("repeats it once, not for ever", async () => {
    proxy.loseAnswers(2, 1024 * 1024)
    await expect(invoke(true)).rejects.toMatchObject({ kind: ErrorKind.UNAVAILABLE, mayHaveRun: true })
    expect(server.invoker.calls).toHaveLength(2)
  })

  it("does not repeat any other call", async () => {
    proxy.loseAnswers(1, 1024 * 1024)
    await expect(invoke(false)).rejects.toMatchObject({ kind: ErrorKind.UNAVAILABLE, mayHaveRun: true })
    expect(server.invoker.calls).toHaveLength(1)
  })
})
