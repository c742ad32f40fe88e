import type { IncomingMessage, RequestListener, ServerResponse } from "node:http"
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2"
import { type ConnectRouter, createContextKey, createContextValues } from "@connectrpc/connect"
import { connectNodeAdapter } from "@connectrpc/connect-node"
import { FunctionService } from "../../gen/faasm/rpc/v1/function_service_pb.ts"
import type { Invoker } from "../invoker.ts"
import { serveHttp2Stream } from "./http2-port.ts"
import { invokeOnce } from "./invoke.ts"
import { serveIterable } from "./iterable-port.ts"
import { type FunctionServiceOptions, type ServiceLimits, serviceLimits } from "./options.ts"
import { Sessions } from "./sessions.ts"

const PREFIX = `/${FunctionService.typeName}/`
const CHANNEL_PATH = `${PREFIX}${FunctionService.method.channel.name}`
/** Room for the other fields of an InvokeRequest. */
const INVOKE_OVERHEAD_BYTES = 64 * 1024
/** How often a drain looks whether it is done, in ms. */
const DRAIN_POLL_MS = 10

/** Serves `faasm.rpc.v1.FunctionService` over whatever runs functions. */
export class FunctionServiceServer {
  readonly #invoker: Invoker
  readonly #limits: ServiceLimits
  readonly #sessions: Sessions
  readonly #general: RequestListener

  constructor(invoker: Invoker, options: FunctionServiceOptions = {}) {
    this.#invoker = invoker
    this.#limits = serviceLimits(options, invoker)
    this.#sessions = new Sessions(invoker, this.#limits)
    this.#general = connectNodeAdapter({
      routes: (router) => this.routes(router),
      acceptCompression: [],
      contextValues: (request) => createContextValues().set(requestKey, request),
      readMaxBytes: Math.max(this.#limits.maxFrameBytes, invoker.maxInputBytes + INVOKE_OVERHEAD_BYTES),
    }) as RequestListener
  }

  /** How many sessions there are, those without a stream included. */
  get sessions(): number {
    return this.#sessions.size
  }

  /**
   * Serves a request, of HTTP/1.1 or HTTP/2, by the Connect protocol, gRPC or gRPC-web. Returns false, and does
   * nothing, when the request is not for this service.
   */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const path = request.url ?? ""
    if (!path.startsWith(PREFIX)) return false
    if (path === CHANNEL_PATH && isPlainConnectStream(request)) {
      const { stream } = response as unknown as Http2ServerResponse
      serveHttp2Stream(stream, this.#sessions, this.#limits.maxFrameBytes)
    } else this.#serveGeneral(request, response)
    return true
  }

  #serveGeneral(request: IncomingMessage, response: ServerResponse): void {
    try {
      this.#general(request, response)
    } catch {
      // It throws at once for what it can't make a request of, such as one without a host.
      if (!response.headersSent) response.writeHead(400)
      response.end()
    }
  }

  /** Adds the service to a router of connect-node, without the short cut that {@link FunctionServiceServer.handle} takes. */
  routes(router: ConnectRouter): void {
    router.service(FunctionService, {
      invoke: (request, context) => invokeOnce(request, this.#invoker, this.#limits, context.signal),
      channel: (requests, { signal, values }) =>
        serveIterable(
          requests,
          this.#sessions,
          signal,
          () => signal.aborted || isReset(values.get(requestKey)),
        ),
    })
  }

  /**
   * Tells clients to go elsewhere, and waits until everything is answered.
   *
   * @param graceMs - longest wait, in ms
   */
  async drain(graceMs: number): Promise<void> {
    this.#sessions.drain("the server shuts down", graceMs)
    const end = performance.now() + graceMs
    while (!this.#sessions.isIdle && performance.now() < end)
      await new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MS))
  }

  /** Ends every stream with `unavailable`, and stops what still runs. */
  close(): void {
    this.#sessions.close()
  }
}

const requestKey = createContextKey<IncomingMessage | Http2ServerRequest | undefined>(undefined)

/** Node ends a request whose stream was reset as it ends one that is complete. */
function isReset(request: IncomingMessage | Http2ServerRequest | undefined): boolean {
  if (!request) return false
  if ("stream" in request) return request.aborted || request.stream.closed || request.stream.destroyed
  return !request.complete
}

/** What a gateway's channel sends; all else goes by connect-node. */
function isPlainConnectStream(request: IncomingMessage | Http2ServerRequest): boolean {
  const encoding = request.headers["connect-content-encoding"]
  return (
    request.httpVersionMajor === 2 &&
    request.method === "POST" &&
    request.headers["content-type"] === "application/connect+proto" &&
    (encoding === undefined || encoding === "identity")
  )
}
