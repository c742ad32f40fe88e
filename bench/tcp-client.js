import { once } from "node:events"
import { connect } from "node:net"
/** Connects to the echo server. */
export async function connectTcp(url, payloadBytes) {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), noDelay: true })
  await once(socket, "connect")
  const message = Buffer.alloc(Math.max(1, payloadBytes), "x")
  const waiting = []
  let received = 0
  socket.on("data", (chunk) => {
    received += chunk.length
    for (; received >= message.length; received -= message.length) waiting.shift()()
  })
  return {
    call: () =>
      new Promise((resolve) => {
        waiting.push(resolve)
        socket.write(message)
      }),
    close: () => socket.destroy(),
  }
}
