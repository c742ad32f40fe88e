import { once } from "node:events"
import { connect, type Socket } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { afterEach, expect, test } from "vitest"
import { type DualServer, listenDual } from "../src/dual-server.ts"

let server: DualServer
const sockets: Socket[] = []

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await server.close()
})

async function start(): Promise<string> {
  server = await listenDual({ host: "127.0.0.1", port: 0 }, (request, response) => {
    response.end(`HTTP/${request.httpVersion}`)
  })
  return `http://127.0.0.1:${server.port}`
}

async function open(): Promise<Socket> {
  const socket = connect(server.port, "127.0.0.1")
  sockets.push(socket)
  await once(socket, "connect")
  return socket
}

test("a connection that stops in the middle of the preface holds up no other", async () => {
  const url = await start()
  const socket = await open()
  socket.write("PRI * HT")
  await sleep(20)
  expect(await (await fetch(url)).text()).toBe("HTTP/1.1")
})

test("a preface in parts is recognised", async () => {
  await start()
  const socket = await open()
  // The preface and an empty SETTINGS frame, which the server answers with its own.
  const bytes = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", "latin1")
  for (const at of [0, 1, 5, 23]) {
    const next = { 0: 1, 1: 5, 5: 23 }[at] ?? bytes.length
    socket.write(bytes.subarray(at, next))
    await sleep(5)
  }
  const [answer] = (await once(socket, "data")) as [Buffer]
  expect(answer[3]).toBe(4)
})

test("a request over HTTP/1.1 in parts is answered", async () => {
  await start()
  const socket = await open()
  for (const part of ["P", "OST / HTTP/1.1\r\n", "host: x\r\ncontent-length: 0\r\n\r\n"]) {
    socket.write(part)
    await sleep(5)
  }
  const [answer] = await once(socket, "data")
  expect(String(answer)).toMatch(/^HTTP\/1\.1 200/)
})
