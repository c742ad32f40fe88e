import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect"
import { createConnectTransport } from "@connectrpc/connect-node"
import {
  type CallError,
  CallErrorSchema,
  ErrorKind,
  FunctionService,
  type Timings,
} from "../gen/faasm/rpc/v1/function_service_pb.ts"
import { type CallTimings, InvokeError, type InvokeResult } from "./function-client.ts"
import type { PendingCall } from "./pending-call.ts"
import type { ServerAddress } from "./server-address.ts"

/** Calls by FunctionService.Invoke: for what a frame of the channel can't hold. */
export class UnaryInvoker {
  readonly #client: Client<typeof FunctionService>
  readonly #headers: Readonly<Record<string, string>>

  constructor(server: ServerAddress) {
    this.#headers = server.headers
    this.#client = createClient(
      FunctionService,
      createConnectTransport({
        baseUrl: server.url.href,
        httpVersion: "2",
        nodeOptions: server.tls,
        acceptCompression: [],
        idleConnectionTimeoutMs: 1000,
      }),
    )
  }

  /** Calls once. Rejects with {@link InvokeError}. */
  async invoke(pending: PendingCall, signal: AbortSignal): Promise<InvokeResult> {
    const { user, function: name, input, traceparent, timings } = pending.call
    const timeoutMs = Math.max(1, Math.ceil(pending.deadline - performance.now()))
    try {
      const response = await this.#client.invoke(
        { user, function: name, input, timeoutMs, traceparent, timings },
        { signal, headers: this.#headers },
      )
      return { output: response.output, timings: response.timings && timingsOf(response.timings), way: "rpc" }
    } catch (error) {
      throw invokeError(pending, ConnectError.from(error))
    }
  }
}

function timingsOf(timings: Timings): CallTimings {
  const { queuedUs, executedUs, cold, arrivedAtUs, instanceUs, resetUs } = timings
  const result: CallTimings = { queuedUs, executedUs, cold }
  if (arrivedAtUs !== undefined)
    Object.assign(result, { arrivedAtUs: Number(arrivedAtUs), instanceUs, resetUs })
  return result
}

/** Whether the server was never heard of again, rather than that it said what went wrong. */
export function isAnswerLost({ kind, code, cause }: InvokeError): boolean {
  return kind === ErrorKind.UNAVAILABLE && LOST.has(code) && callErrorOf(cause as ConnectError) === undefined
}

/** What connect-node makes of a connection that is lost, and of a stream that is reset. */
const LOST = new Set([Code.Unavailable, Code.Aborted, Code.Canceled, Code.Internal])

function callErrorOf(error: ConnectError): CallError | undefined {
  return error.findDetails(CallErrorSchema)[0]
}

function invokeError({ name, mayHaveRun }: PendingCall, error: ConnectError): InvokeError {
  const detail = callErrorOf(error)
  if (detail)
    return new InvokeError(detail.kind, detail.message, {
      mayHaveRun: mayHaveRun || detail.mayHaveRun,
      cause: error,
    })
  return new InvokeError(ErrorKind.UNAVAILABLE, `${name} by Invoke: ${error.rawMessage}`, {
    // A server without the service has not run anything.
    mayHaveRun: mayHaveRun || error.code !== Code.Unimplemented,
    code: error.code,
    cause: error,
  })
}
