import { once } from "node:events"
import { connect as connectHttp2 } from "node:http2"
import { connect as connectTcp } from "node:net"
import { gzipSync } from "node:zlib"
import { describe, expect, test } from "vitest"
import {
  bidiStreamPath,
  ConformanceServer,
  clientStreamPath,
  conformanceServer,
  Neighbour,
  unaryPath,
} from "./conformance-server.ts"
import {
  Flag,
  FrameType,
  frame,
  headerBlock,
  hpackField,
  hpackIndex,
  preface,
  RawConnection,
  settings,
  uint32,
} from "./http2-frames.ts"

const post = (path: string, contentType: string, more: Record<string, string> = {}) =>
  headerBlock({
    ":method": "POST",
    ":scheme": "http",
    ":path": path,
    ":authority": "localhost",
    "content-type": contentType,
    ...more,
  })
const unary = post(unaryPath, "application/json")
const grpcClientStream = post(clientStreamPath, "application/grpc+proto", { te: "trailers" })
const grpcBidi = post(bidiStreamPath, "application/grpc+proto", { te: "trailers" })

const openStream = (stream: number, block: Buffer) => frame(FrameType.headers, Flag.endHeaders, stream, block)

function envelope(length: number, flags = 0): Buffer {
  return Buffer.concat([Buffer.from([flags]), uint32(length)])
}

// Runs `abuse` against a server of its own, beside a client that behaves: that
// one is answered all the time, the server goes on and ends when it is told to,
// and its memory stays below `maxMegabytes`.
function underAbuse(
  name: string,
  maxMegabytes: number,
  abuse: (port: number, server: ConformanceServer) => Promise<void>,
): void {
  test(name, { timeout: 300_000 }, async () => {
    const server = await ConformanceServer.start()
    try {
      const neighbour = new Neighbour(server.port)
      const begun = performance.now()
      try {
        await abuse(server.port, server)
      } finally {
        const tookMs = performance.now() - begun
        const { longestMs } = await neighbour.stop()
        // One that is starved waits for as long as the abuse lasts, which is long on a slow machine.
        expect(longestMs).toBeLessThan(Math.max(5_000, tookMs / 2))
      }
      expect(server.running).toBe(true)
      expect(server.peakMegabytes()).toBeLessThan(maxMegabytes)
      // One that comes afterwards is served as well.
      expect((await new Neighbour(server.port).stop()).calls).toBe(1)
    } finally {
      await server.stop()
    }
  })
}

// Sends `part(i)` in writes of many until the peer closes or `count` are out.
async function flood(
  connection: RawConnection,
  count: number,
  part: (index: number) => Buffer,
): Promise<void> {
  const perWrite = 500
  for (let at = 0; at < count; at += perWrite) {
    const parts = Array.from({ length: Math.min(perWrite, count - at) }, (_, offset) => part(at + offset))
    if (!(await connection.send(...parts))) return
  }
}

describe.skipIf(conformanceServer === null)("the C++ server under abuse", () => {
  underAbuse("rapid reset", 128, async (port) => {
    const connection = await RawConnection.openSession(port)
    await flood(connection, 200_000, (index) =>
      Buffer.concat([
        openStream(1 + 2 * index, unary),
        frame(FrameType.rstStream, 0, 1 + 2 * index, uint32(8)),
      ]),
    )
    connection.close()
  })

  underAbuse("streams that make the server reset them", 128, async (port) => {
    const connection = await RawConnection.openSession(port)
    // A window update of zero is a stream error.
    await flood(connection, 100_000, (index) =>
      Buffer.concat([
        openStream(1 + 2 * index, grpcBidi),
        frame(FrameType.windowUpdate, 0, 1 + 2 * index, uint32(0)),
      ]),
    )
    connection.close()
  })

  underAbuse("a million streams that stay idle", 128, async (port) => {
    const connection = await RawConnection.openSession(port)
    await flood(connection, 1_000_000, (index) => openStream(1 + 2 * index, grpcBidi))
    const refused = () =>
      connection.frames.filter((it) => it.type === FrameType.rstStream && it.payload.readUInt32BE(0) === 7)
        .length
    // Either it says no to each above the bound, or it has enough of the client.
    await expect.poll(() => connection.closed || refused() >= 1_000_000 - 1_000, { interval: 100 }).toBe(true)
    expect(refused()).toBeGreaterThan(0)
    connection.close()
  })

  underAbuse("a ping flood from one who does not read", 128, async (port) => {
    const connection = await RawConnection.openSession(port)
    connection.stopReading()
    await Promise.race([
      flood(connection, 3_000_000, () => frame(FrameType.ping, 0, 0, Buffer.alloc(8))),
      new Promise((resolve) => setTimeout(resolve, 10_000)),
    ])
    connection.close()
  })

  underAbuse("a settings flood from one who does not read", 128, async (port) => {
    const connection = await RawConnection.openSession(port)
    connection.stopReading()
    await Promise.race([
      flood(connection, 3_000_000, () => settings({})),
      new Promise((resolve) => setTimeout(resolve, 10_000)),
    ])
    connection.close()
  })

  underAbuse("a flood of empty data, priorities and unknown frames", 128, async (port) => {
    const connection = await RawConnection.openSession(port)
    await connection.send(openStream(1, grpcBidi))
    await flood(connection, 600_000, (index) =>
      index % 3 === 0
        ? frame(FrameType.data, 0, 1)
        : index % 3 === 1
          ? frame(FrameType.priority, 0, 3, Buffer.from([0, 0, 0, 0, 16]))
          : frame(0xfa, 0, 0, Buffer.alloc(4)),
    )
    connection.close()
  })

  underAbuse("a continuation flood", 128, async (port) => {
    const connection = await RawConnection.openSession(port)
    await connection.send(frame(FrameType.headers, 0, 1, unary))
    await flood(connection, 20_000, (index) =>
      frame(FrameType.continuation, 0, 1, hpackField(`x-${index}`, "v".repeat(8_000))),
    )
    expect(await connection.waitForClose()).toBe(true)
  })

  underAbuse("a header block that grows when it is unpacked", 128, async (port) => {
    const connection = await RawConnection.openSession(port)
    // 4,000 bytes in the dynamic table, then a reference of one byte per copy.
    const bomb = Buffer.concat([
      unary,
      hpackField("x-bomb", "b".repeat(3_900), true),
      ...Array.from({ length: 10_000 }, () => hpackIndex(62)),
    ])
    for (let stream = 1; stream < 200; stream += 2) {
      if (!(await connection.send(frame(FrameType.headers, Flag.endHeaders | Flag.endStream, stream, bomb))))
        break
    }
    connection.close()
  })

  underAbuse("headers above the bound", 128, async (port) => {
    const session = connectHttp2(`http://127.0.0.1:${port}`)
    session.on("error", () => {})
    const stream = session.request({
      ":method": "POST",
      ":path": unaryPath,
      "content-type": "application/json",
      ...Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`x-${index}`, "v".repeat(1_000)])),
    })
    stream.end("{}")
    const answer = await new Promise<number | string>((resolve) => {
      stream.on("response", (headers) => resolve(headers[":status"]!))
      stream.on("error", (error) => resolve((error as NodeJS.ErrnoException).code ?? "error"))
      stream.on("close", () => resolve("closed"))
    })
    expect(answer).not.toBe(200)
    session.destroy()
  })

  // 64 MB are allowed per connection; the service that answers keeps requests that
  // it has not come to, besides.
  underAbuse("responses that nobody reads", 400, async (port) => {
    const body = Buffer.from(
      JSON.stringify({ responseDefinition: { responseData: Buffer.alloc(300_000).toString("base64") } }),
    )
    for (let round = 0; round < 3; round++) {
      const connection = await RawConnection.openSession(port, { 4: 0 })
      for (let stream = 1; stream < 500; stream += 2) {
        const pieces = []
        for (let at = 0; at < body.length; at += 16_000) {
          const last = at + 16_000 >= body.length
          pieces.push(
            frame(FrameType.data, last ? Flag.endStream : 0, stream, body.subarray(at, at + 16_000)),
          )
        }
        // The server's own windows are refilled as it reads.
        if (!(await connection.send(openStream(stream, unary)))) break
        let open = true
        for (const piece of pieces) {
          open = await connection.send(piece)
          if (!open) break
          if (stream === 1) await new Promise((resolve) => setTimeout(resolve, 1))
        }
        if (!open) break
      }
      connection.close()
    }
  })

  underAbuse("messages that are announced and never come", 128, async (port) => {
    const connection = await RawConnection.openSession(port)
    for (let stream = 1; stream < 2_000; stream += 2) {
      // Just below the bound: memory must come with the bytes, not with the promise.
      await connection.send(
        openStream(stream, grpcClientStream),
        frame(FrameType.data, 0, stream, Buffer.concat([envelope(4 * 1024 * 1024), Buffer.alloc(10)])),
      )
    }
    await new Promise((resolve) => setTimeout(resolve, 500))
    connection.close()
  })

  underAbuse("lengths that lie", 128, async (port) => {
    const cases: Buffer[][] = [
      // An envelope of 4 GB.
      [openStream(1, grpcClientStream), frame(FrameType.data, Flag.endStream, 1, envelope(0xffff_ffff))],
      // One that ends too early.
      [openStream(1, grpcClientStream), frame(FrameType.data, Flag.endStream, 1, envelope(100))],
      // A content-length that is not that of the body, both ways.
      [
        openStream(1, post(unaryPath, "application/json", { "content-length": "1" })),
        frame(FrameType.data, Flag.endStream, 1, Buffer.from('{"a":1}')),
      ],
      [
        openStream(1, post(unaryPath, "application/json", { "content-length": "99999999999999999999" })),
        frame(FrameType.data, Flag.endStream, 1, Buffer.from("{}")),
      ],
      // Padding that is longer than its frame.
      [openStream(1, unary), frame(FrameType.data, Flag.padded, 1, Buffer.from([200, 1, 2]))],
      // A frame above SETTINGS_MAX_FRAME_SIZE.
      [openStream(1, unary), frame(FrameType.data, 0, 1, Buffer.alloc(1_000_000))],
      // A frame whose payload is missing.
      [frame(FrameType.headers, Flag.endHeaders, 1, unary).subarray(0, 20)],
      // Fixed-size frames of another size.
      [frame(FrameType.ping, 0, 0, Buffer.alloc(7))],
      [frame(FrameType.windowUpdate, 0, 0, Buffer.alloc(3))],
      [frame(FrameType.settings, 0, 0, Buffer.alloc(5))],
      [frame(FrameType.rstStream, 0, 1, Buffer.alloc(4))],
      // Windows beyond 2^31-1.
      [settings({ 4: 0xffff_ffff })],
      [frame(FrameType.windowUpdate, 0, 0, uint32(0x7fff_ffff))],
      // Data for a stream that was never opened, headers on an even one.
      [frame(FrameType.data, 0, 5, Buffer.from("x"))],
      [openStream(2, unary)],
      // A header block that is no HPACK.
      [frame(FrameType.headers, Flag.endHeaders, 1, Buffer.alloc(100, 0xff))],
    ]
    for (const parts of cases) {
      const connection = await RawConnection.openSession(port)
      await connection.send(...parts)
      await new Promise((resolve) => setTimeout(resolve, 50))
      connection.close()
    }
  })

  underAbuse("small messages that are large once unpacked", 256, async (port) => {
    const bomb = gzipSync(Buffer.alloc(256 * 1024 * 1024))
    const session = connectHttp2(`http://127.0.0.1:${port}`)
    session.on("error", () => {})
    const answers = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const stream = session.request({
          ":method": "POST",
          ":path": unaryPath,
          "content-type": "application/proto",
          "content-encoding": "gzip",
        })
        stream.on("error", () => {})
        stream.end(bomb)
        const [headers] = await once(stream, "response")
        let body = ""
        for await (const chunk of stream) body += chunk
        return `${headers[":status"]} ${JSON.parse(body).code}`
      }),
    )
    expect(answers).toEqual(Array(8).fill("429 resource_exhausted"))
    session.destroy()
  })

  underAbuse("what is no HTTP/2 at all", 128, async (port) => {
    const openings = [
      Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
      Buffer.from([0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0]),
      Buffer.alloc(100_000, 0xab),
      Buffer.concat([preface, Buffer.alloc(100_000, 0xff)]),
      Buffer.concat([preface, openStream(1, unary)]),
    ]
    for (const opening of openings) {
      const connection = await RawConnection.open(port)
      await connection.send(opening)
      expect(await connection.waitForClose()).toBe(true)
    }
  })

  underAbuse("clients that say nothing, or half a preface", 128, async (port) => {
    const silent = await Promise.all(Array.from({ length: 500 }, () => RawConnection.open(port)))
    await Promise.all(silent.map((it, index) => (index % 2 ? it.send(preface.subarray(0, 10)) : null)))
    const closed = await Promise.all(silent.map((it) => it.waitForClose()))
    expect(closed.every(Boolean)).toBe(true)
  })

  underAbuse("connections that come and go", 128, async (port, server) => {
    for (let round = 0; round < 40; round++) {
      const sockets = Array.from({ length: 50 }, () => connectTcp(port, "127.0.0.1"))
      await Promise.all(
        sockets.map(async (socket, index) => {
          socket.on("error", () => {})
          await once(socket, "connect")
          if (index % 2) socket.write(Buffer.concat([preface, settings({}), openStream(1, grpcBidi)]))
          if (index % 3) socket.resetAndDestroy()
          else socket.destroy()
        }),
      )
    }
    await expect.poll(() => server.openDescriptors()).toBeLessThan(100)
  })
})
