import type { IncomingMessage, ServerResponse } from "node:http"
import type { Hono } from "hono"
import { listenDual } from "../dual-server.ts"
import type { Offloaded } from "../gateway/index.ts"
import { nodeListener } from "./node-listener.ts"
import { ServiceError } from "./service-error.ts"

/** Options of {@link listen}. */
export interface ListenOptions {
  /** Default 3000; 0 takes a free one. */
  port?: number
  /** Address to listen on. Default `127.0.0.1`. */
  host?: string
}

/** A listening server. */
export interface Listening {
  /** Such as `http://127.0.0.1:3000`. */
  readonly url: string
  /**
   * Takes no more connections, waits for the answers under way, and closes what is left.
   *
   * @param graceMs - longest wait, in ms. Default 10,000.
   */
  close(graceMs?: number): Promise<void>
}

/** What a client of HTTP/2 may send on a stream before it is read, in bytes. */
const STREAM_WINDOW_BYTES = 256 * 1024

/**
 * Serves an offloaded app on one port: its routes, and its protobuf service, over HTTP/1.1 and HTTP/2 without TLS.
 *
 * @example
 * ```ts
 * const app = offload(orders, { rpc: "http://127.0.0.1:8090" })
 * const server = await listen(app, { port: 3000 })
 * process.once("SIGTERM", async () => {
 *   await server.close()
 *   await app.gateway.close()
 * })
 * ```
 *
 * @see {@link nodeListener} for servers of your own, with TLS for example
 * @throws {@link ServiceError}
 */
export async function listen(app: Offloaded<Hono>, options: ListenOptions = {}): Promise<Listening> {
  const { host = "127.0.0.1", port = 3000 } = options
  const listener = nodeListener(app)
  let active = 0
  let idle: (() => void) | undefined
  const counted = (request: IncomingMessage, response: ServerResponse) => {
    active += 1
    response.once("close", () => {
      active -= 1
      if (active === 0) idle?.()
    })
    listener(request, response as Parameters<typeof listener>[1])
  }
  const server = await listenDual({ host, port, streamWindowBytes: STREAM_WINDOW_BYTES }, counted).catch(
    (cause: NodeJS.ErrnoException) => {
      const message =
        cause.code === "EADDRINUSE"
          ? `port ${port} of ${host} is in use; choose another`
          : `can't listen on ${host}:${port}: ${cause.message}`
      throw new ServiceError("listen_failed", message, { cause })
    },
  )
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${server.port}`,
    async close(graceMs = 10_000) {
      server.drain()
      if (active > 0) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, graceMs)
          idle = () => {
            clearTimeout(timer)
            resolve()
          }
        })
      }
      await server.close()
    },
  }
}
