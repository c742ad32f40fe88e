import { once } from "node:events"
import { connect, createServer } from "node:net"
/** Starts a proxy to a server on this machine. */
export async function startCountingProxy(target) {
  const { hostname, port } = new URL(target)
  const sockets = new Set()
  let bytes = 0
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ host: hostname, port: Number(port), noDelay: true })
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ]) {
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
    url: `http://127.0.0.1:${server.address().port}`,
    bytes: () => bytes,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, "close")
    },
  }
}
