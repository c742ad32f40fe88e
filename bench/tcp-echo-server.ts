/**
 * A TCP server that sends back what it gets: the floor under every way of calling a function on the same machine.
 *
 * @module
 */
import { type AddressInfo, createServer } from "node:net"

const server = createServer({ noDelay: true }, (socket) => {
  socket.on("data", (chunk) => socket.write(chunk))
  socket.on("error", () => socket.destroy())
})
server.listen(0, "127.0.0.1", () =>
  console.log(`listening on tcp://127.0.0.1:${(server.address() as AddressInfo).port}`),
)
process.on("SIGTERM", () => process.exit(0))
