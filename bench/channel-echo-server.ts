/**
 * FunctionService over an invoker that answers at once with its input: what the channel costs, and nothing else.
 *
 * @module
 */
import { listenDual } from "../src/dual-server.ts"
import { FunctionServiceServer } from "../src/runtime/function-service/index.ts"
import type { Invoker } from "../src/runtime/invoker.ts"

const MAX_BYTES = 8 * 1024 * 1024

const echo: Invoker = {
  capacity: 64,
  queueLimit: 1024,
  maxInputBytes: MAX_BYTES,
  maxOutputBytes: MAX_BYTES,
  submit(call, done) {
    done({ output: call.input, timings: { queuedUs: 1, executedUs: 1, cold: false } })
    return { cancel() {} }
  },
}

const service = new FunctionServiceServer(echo)
const server = await listenDual({ host: "127.0.0.1", port: 0 }, (request, response) => {
  if (!service.handle(request, response)) response.writeHead(404).end()
})
console.log(`listening on http://127.0.0.1:${server.port}`)
process.on("SIGTERM", () => process.exit(0))
