import { once } from "node:events"
import { type AddressInfo, connect, createServer, type Socket } from "node:net"

/** A TCP proxy that counts what passes. */
export interface CountingProxy {
  url: string
  /** Bytes that have passed so far, both directions together. */
  bytes(): number
  close(): Promise<void>
}

/** Starts a proxy to a server on this machine. */
export async function startCountingProxy(target: string): Promise<CountingProxy> {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  let bytes = 0
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ host: hostname, port: Number(port), noDelay: true })
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from)
      from.on("data", (chunk) => {
        bytes += chunk.length
        to.write(chunk)
      })
      from.on("end", () => to.end())
      from.on("error", () => to.destroy())
      from.on("close", () => sockets.delete(from))
    }
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bytes: () => bytes,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, "close")
    },
  }
}
