import { startTestServer } from "../channel/test-server.ts"
import type { TestServer, TestServerOptions } from "./function-servers.ts"

/** Starts the embedded runtime's FunctionService, in this process. */
export async function startEmbeddedServer(options: TestServerOptions = {}): Promise<TestServer> {
  const { echoDelayMs, random = Math.random, drainMs = 0, record = true, ...rest } = options
  const server = await startTestServer(rest)
  const { invoker, service } = server
  invoker.record = record
  if (echoDelayMs) {
    const [least, most] = echoDelayMs
    invoker.delay = () => least + random() * (most - least)
  }
  return {
    url: server.url,
    port: server.port,
    invoker,
    sessions: async () => service.sessions,
    drain: () => service.drain(drainMs),
    close: () => server.close(),
  }
}
