import { once } from "node:events"
import { connect as connectTcp, type Socket } from "node:net"

// HTTP/2 by hand, for what no client does. RFC 9113, RFC 7541.

export const FrameType = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const

export const Flag = { ack: 1, endStream: 1, endHeaders: 4, padded: 8, priority: 0x20 } as const

export const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")

export interface Frame {
  type: number
  flags: number
  stream: number
  payload: Buffer
}

export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Buffer = Buffer.alloc(0),
): Buffer {
  const header = Buffer.alloc(9)
  header.writeUIntBE(payload.length, 0, 3)
  header[3] = type
  header[4] = flags
  header.writeUInt32BE(stream, 5)
  return Buffer.concat([header, payload])
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

export function settings(values: Record<number, number>): Buffer {
  const payload = Buffer.alloc(Object.keys(values).length * 6)
  Object.entries(values).forEach(([id, value], index) => {
    payload.writeUInt16BE(Number(id), index * 6)
    payload.writeUInt32BE(value, index * 6 + 2)
  })
  return frame(FrameType.settings, 0, 0, payload)
}

function hpackInteger(value: number, prefixBits: number, first: number): Buffer {
  const limit = (1 << prefixBits) - 1
  if (value < limit) return Buffer.from([first | value])
  const bytes = [first | limit]
  let rest = value - limit
  while (rest >= 128) {
    bytes.push((rest % 128) | 128)
    rest = Math.floor(rest / 128)
  }
  bytes.push(rest)
  return Buffer.from(bytes)
}

function hpackString(text: string): Buffer {
  const bytes = Buffer.from(text, "latin1")
  return Buffer.concat([hpackInteger(bytes.length, 7, 0), bytes])
}

// A literal field: without indexing, or added to the dynamic table.
export function hpackField(name: string, value: string, indexed = false): Buffer {
  return Buffer.concat([Buffer.from([indexed ? 0x40 : 0]), hpackString(name), hpackString(value)])
}

export function hpackIndex(index: number): Buffer {
  return hpackInteger(index, 7, 0x80)
}

export function headerBlock(fields: Record<string, string>): Buffer {
  return Buffer.concat(Object.entries(fields).map(([name, value]) => hpackField(name, value)))
}

// One connection, whose peer is given whatever the test likes.
export class RawConnection {
  readonly frames: Frame[] = []
  closed = false
  readonly #socket: Socket
  #waiting: (() => void) | undefined
  #received: Buffer = Buffer.alloc(0)

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on("data", (bytes) => this.#onData(bytes))
    socket.on("error", () => {})
    socket.on("close", () => {
      this.closed = true
      this.#waiting?.()
    })
  }

  static async open(port: number): Promise<RawConnection> {
    const socket = connectTcp(port, "127.0.0.1")
    const connection = new RawConnection(socket)
    await once(socket, "connect")
    return connection
  }

  // After the preface and both sides' SETTINGS.
  static async openSession(port: number, ours: Record<number, number> = {}): Promise<RawConnection> {
    const connection = await RawConnection.open(port)
    await connection.send(preface, settings(ours))
    await connection.waitFor((it) => it.type === FrameType.settings && it.flags === 0)
    await connection.send(frame(FrameType.settings, Flag.ack, 0))
    return connection
  }

  // Waits for the kernel to take it; false when the peer has closed.
  async send(...parts: Buffer[]): Promise<boolean> {
    if (this.closed || !this.#socket.writable) return false
    const bytes = Buffer.concat(parts)
    if (this.#socket.write(bytes)) return true
    // Told by "close", too, so that nobody waits for one who is gone.
    await new Promise<void>((resolve) => {
      this.#socket.once("drain", resolve)
      this.#waiting = resolve
    })
    return !this.closed
  }

  // No byte is taken from the kernel any more.
  stopReading(): void {
    this.#socket.pause()
  }

  async waitFor(matches: (frame: Frame) => boolean, withinMs = 60_000): Promise<Frame> {
    const until = Date.now() + withinMs
    for (;;) {
      const found = this.frames.find(matches)
      if (found) return found
      if (this.closed || Date.now() > until) throw new Error(this.closed ? "closed" : "no such frame")
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  async waitForClose(withinMs = 60_000): Promise<boolean> {
    const until = Date.now() + withinMs
    while (!this.closed && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 10))
    return this.closed
  }

  goAwayCode(): number | undefined {
    return this.frames.find((it) => it.type === FrameType.goAway)?.payload.readUInt32BE(4)
  }

  close(): void {
    this.#socket.destroy()
  }

  #onData(bytes: Buffer): void {
    this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes])
    let at = 0
    while (this.#received.length - at >= 9) {
      const length = this.#received.readUIntBE(at, 3)
      if (this.#received.length - at < 9 + length) break
      this.frames.push({
        type: this.#received[at + 3]!,
        flags: this.#received[at + 4]!,
        stream: this.#received.readUInt32BE(at + 5) & 0x7fffffff,
        payload: Buffer.from(this.#received.subarray(at + 9, at + 9 + length)),
      })
      at += 9 + length
    }
    this.#received = this.#received.subarray(at)
  }
}
