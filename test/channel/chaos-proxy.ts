import { once } from "node:events"
import { type AddressInfo, connect, createServer, type Socket } from "node:net"

/** What a proxy may do to a connection. */
type Mischief =
  /** Both sides are reset. */
  | "cut"
  /** A chunk is passed on in part, then both sides are reset. */
  | "truncate"
  /** Nothing passes any more; both sides stay open. */
  | "stall"
  /** A chunk is passed on later. */
  | "delay"

/** A TCP proxy that does harm at random points, the same ones for the same seed. */
export interface ChaosProxy {
  url: string
  /** Connections so far. */
  connections(): number
  /** How often each mischief was done. */
  done: Record<Mischief, number>
  /** Ends every connection now. */
  cutAll(): void
  /** Nothing passes on the present connections any more. */
  stallAll(): void
  /** Cuts connections, `count` in all, when the server has sent `bytes` over one: in the middle of a larger answer. */
  loseAnswers(count: number, bytes: number): void
  /** No more mischief; new connections pass unharmed. */
  calm(): void
  close(): Promise<void>
}

export interface ChaosOptions {
  seed: number
  /** How likely each mischief is for a chunk, 0 to 1. */
  rates: Partial<Record<Mischief, number>>
  /** Longest delay, in ms. Default 5. */
  maxDelayMs?: number
}

/** Random numbers that are the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

interface Pair {
  sockets: Socket[]
  stalled: boolean
  /** What the server has sent. */
  answeredBytes: number
}

export async function startChaosProxy(
  target: string | (() => string),
  options: ChaosOptions,
): Promise<ChaosProxy> {
  const random = seededRandom(options.seed)
  const done = { cut: 0, truncate: 0, stall: 0, delay: 0 }
  const pairs = new Set<Pair>()
  let connections = 0
  let calm = false
  let losses = { count: 0, bytes: 0 }
  const kill = (pair: Pair) => {
    pairs.delete(pair)
    for (const socket of pair.sockets) socket.destroy()
  }
  const server = createServer({ noDelay: true }, (client) => {
    connections++
    const { hostname, port } = new URL(typeof target === "string" ? target : target())
    const upstream = connect({ host: hostname, port: Number(port), noDelay: true })
    const pair: Pair = { sockets: [client, upstream], stalled: false, answeredBytes: 0 }
    pairs.add(pair)
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      /** When the last chunk is passed on: chunks keep their order. */
      let after = Promise.resolve()
      const pass = (bytes: Buffer, delayMs: number, last = false) => {
        after = after.then(async () => {
          if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs))
          if (pair.stalled || to.destroyed) return
          to.write(bytes)
          if (last) setImmediate(kill, pair)
        })
        // What comes after the part that is missing must never pass.
        if (last) from.pause()
      }
      from.on("data", (chunk: Buffer) => {
        if (pair.stalled) return
        if (from === upstream) pair.answeredBytes += chunk.length
        if (losses.count > 0 && pair.answeredBytes > losses.bytes) {
          losses.count--
          kill(pair)
          return
        }
        let dice = calm ? 2 : random()
        const happens = (mischief: Mischief) => {
          dice -= options.rates[mischief] ?? 0
          if (dice >= 0) return false
          dice = Number.POSITIVE_INFINITY
          done[mischief]++
          return true
        }
        if (happens("cut")) kill(pair)
        else if (happens("truncate")) {
          pass(chunk.subarray(0, Math.floor(random() * chunk.length)), 0, true)
        } else if (happens("stall")) pair.stalled = true
        else pass(chunk, happens("delay") ? random() * (options.maxDelayMs ?? 5) : 0)
      })
      from.on("end", () => to.end())
      from.on("error", () => kill(pair))
      from.on("close", () => kill(pair))
    }
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: () => connections,
    done,
    cutAll() {
      for (const pair of [...pairs]) kill(pair)
    },
    stallAll() {
      for (const pair of pairs) pair.stalled = true
    },
    loseAnswers(count, bytes) {
      losses = { count, bytes }
    },
    calm() {
      calm = true
      for (const pair of [...pairs]) if (pair.stalled) kill(pair)
    },
    async close() {
      for (const pair of [...pairs]) kill(pair)
      server.close()
      await once(server, "close")
    },
  }
}
