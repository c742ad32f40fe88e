import { once } from "node:events"
import { connect } from "node:net"

/** Sends messages of one size over one connection to an echo server; each resolves when as many bytes are back. */
export interface TcpClient {
  call(): Promise<void>
  close(): void
}

/** Connects to the echo server. */
export async function connectTcp(url: string, payloadBytes: number): Promise<TcpClient> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), noDelay: true })
  await once(socket, "connect")
  const message = Buffer.alloc(Math.max(1, payloadBytes), "x")
  const waiting: (() => void)[] = []
  let received = 0
  socket.on("data", (chunk) => {
    received += chunk.length
    for (; received >= message.length; received -= message.length) waiting.shift()!()
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
