import type { Server } from "node:http"
import type { AddressInfo } from "node:net"
import { createAdaptorServer } from "@hono/node-server"
import type { Hono } from "hono"
import { CliError } from "./cli-error.ts"

/** A listening HTTP server. */
export interface ServedApp {
  /** Such as `http://127.0.0.1:3000`. */
  url: string
  /** Takes no more connections, and resolves when the requests under way are answered. */
  close(): Promise<void>
}

/**
 * Serves a Hono app over HTTP/1.1.
 *
 * @throws {@link CliError} `port-in-use`.
 */
export async function serveApp(
  app: Hono,
  { host, port }: { host: string; port: number },
): Promise<ServedApp> {
  const server = createAdaptorServer({ fetch: app.fetch }) as Server
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const message =
        cause.code === "EADDRINUSE"
          ? `port ${port} of ${host} is in use; choose another with --port`
          : `can't listen on ${host}:${port}: ${cause.message}`
      reject(new CliError("port-in-use", message, { cause }))
    })
    server.listen(port, host, resolve)
  })
  const address = server.address() as AddressInfo
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${address.port}`,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()))
        server.closeIdleConnections()
      }),
  }
}
