import type { IncomingMessage, ServerResponse } from "node:http"
import { listenDual } from "../../src/dual-server.ts"
import {
  type FunctionServiceOptions,
  FunctionServiceServer,
} from "../../src/runtime/function-service/index.ts"
import { TestInvoker } from "./test-invoker.ts"

/** A server of FunctionService over an invoker of this process. */
export interface TestServer {
  url: string
  port: number
  service: FunctionServiceServer
  invoker: TestInvoker
  close(): Promise<void>
}

export async function startTestServer(
  options: FunctionServiceOptions & { invoker?: TestInvoker } = {},
): Promise<TestServer> {
  const invoker = options.invoker ?? new TestInvoker()
  const service = new FunctionServiceServer(invoker, options)
  const server = await listenDual(
    { host: "127.0.0.1", port: 0 },
    (request: IncomingMessage, response: ServerResponse) => {
      if (service.handle(request, response)) return
      response.writeHead(404)
      response.end()
    },
  )
  return {
    url: `http://127.0.0.1:${server.port}`,
    port: server.port,
    service,
    invoker,
    async close() {
      service.close()
      await server.close()
    },
  }
}
