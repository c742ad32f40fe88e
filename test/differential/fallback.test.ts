import { once } from "node:events"
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { GatewayEvent } from "../../src/gateway/index.ts"
import { offload } from "../../src/gateway/index.ts"
import { faasm, type Subject, startSubject } from "./harness.ts"

/** A way to the runtime that can be cut and restored. It keeps its port meanwhile, which somebody else might take. */
class Wire {
  readonly #sockets = new Set<Socket>()
  readonly #server: Server
  #isCut = false

  constructor(target: string) {
    const { port, hostname } = new URL(target)
    this.#server = createServer((socket) => {
      if (this.#isCut) {
        socket.resetAndDestroy()
        return
      }
      const onward = connect(Number(port), hostname)
      for (const end of [socket, onward]) {
        this.#sockets.add(end)
        end.on("error", () => {})
        end.on("close", () => {
          this.#sockets.delete(end)
          socket.destroy()
          onward.destroy()
        })
      }
      socket.pipe(onward).pipe(socket)
    })
  }

  get url() {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async open() {
    await once(this.#server.listen(0, "127.0.0.1"), "listening")
  }

  cut() {
    this.#isCut = true
    for (const socket of this.#sockets) socket.destroy()
  }

  restore() {
    this.#isCut = false
  }

  async close() {
    this.cut()
    await once(this.#server.close(), "close")
  }
}

// The wire that is cut leads to the embedded runtime.
describe.skipIf(faasm)("a gateway with both ways", () => {
  let subject: Subject
  let wire: Wire
  beforeAll(async () => {
    subject = await startSubject("./apps/defaults.ts")
    wire = new Wire(subject.url)
    await wire.open()
  })
  afterAll(async () => {
    await wire?.close()
    await subject?.close()
  })

  function start(rpc: string) {
    const events: GatewayEvent[] = []
    const app = offload(subject.native, {
      build: subject.build,
      rpc,
      planner: subject.url,
      log: (event) => events.push(event),
    })
    const way = async () => {
      const response = await app.request("/v1/ok")
      expect([response.status, await response.text()]).toEqual([200, "ok"])
      return app.gateway.status().routes[0]!.lastWay
    }
    const untilWay = (wanted: string) => expect.poll(way, { interval: 20 }).toBe(wanted)
    return { app, events, way, untilWay }
  }

  it("answers every request while the channel goes away, and finds back to it", async () => {
    const { app, events, way, untilWay } = start(wire.url)
    try {
      expect(await way()).toBe("rpc")
      wire.cut()
      await untilWay("planner")
      for (let i = 0; i < 5; i++) expect(await way()).toBe("planner")
      wire.restore()
      await untilWay("rpc")
      const switches = events.filter((event) => event.type === "switch").map(({ to }) => to)
      expect(switches).toEqual(["planner", "rpc"])
      expect(events.filter((event) => event.type === "call" && event.error)).toEqual([])
    } finally {
      await app.gateway.close()
    }
  })

  it("takes the planner where nothing listens, and where there is no FunctionService", async () => {
    const plain = createServer((socket) => {
      socket.on("error", () => {})
      socket.end("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")
    })
    await once(plain.listen(0, "127.0.0.1"), "listening")
    const { port } = plain.address() as { port: number }
    try {
      for (const rpc of ["http://127.0.0.1:1", `http://127.0.0.1:${port}`]) {
        const { app, way } = start(rpc)
        expect(await way()).toBe("planner")
        expect(await app.gateway.ready()).toEqual({ ready: true })
        await app.gateway.close()
      }
    } finally {
      plain.close()
    }
  })
})
