import { type ChildProcessByStdio, spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { connect as connectHttp2 } from "node:http2"
import type { Readable, Writable } from "node:stream"

const binary = process.env.HONO_FAASM_CONFORMANCE_SERVER

// Null when the test has to be skipped because nothing was built.
export const conformanceServer: string | null = (() => {
  if (binary && existsSync(binary)) return binary
  if (process.env.HONO_FAASM_REQUIRE_NATIVE === "1") {
    throw new Error(`HONO_FAASM_CONFORMANCE_SERVER: no program at ${JSON.stringify(binary ?? "")}`)
  }
  return null
})()

const service = "/connectrpc.conformance.v1.ConformanceService"

// The program that the conformance suite tests, here as a server of the library
// with default bounds.
export class ConformanceServer {
  readonly port: number
  readonly #process: ChildProcessByStdio<Writable, Readable, null>

  private constructor(process: ChildProcessByStdio<Writable, Readable, null>, port: number) {
    this.#process = process
    this.port = port
  }

  static async start(): Promise<ConformanceServer> {
    const child = spawn(conformanceServer!, { stdio: ["pipe", "pipe", "inherit"] })
    // ServerCompatRequest{protocol: CONNECT, http_version: 2}
    child.stdin.end(Buffer.from([0, 0, 0, 4, 0x08, 1, 0x10, 2]))
    const [bytes] = (await once(child.stdout, "data")) as [Buffer]
    // ServerCompatResponse{host: "127.0.0.1", port}: the port is the last field.
    const portAt = bytes.indexOf(0x10, 4 + 2 + "127.0.0.1".length)
    let port = 0
    for (let at = portAt + 1, shift = 0; ; at++, shift += 7) {
      port |= (bytes[at]! & 0x7f) << shift
      if (bytes[at]! < 128) break
    }
    return new ConformanceServer(child, port)
  }

  get running(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null
  }

  // Highest resident memory so far.
  peakMegabytes(): number {
    const status = readFileSync(`/proc/${this.#process.pid}/status`, "utf8")
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)![1]) / 1024
  }

  openDescriptors(): number {
    return readdirSync(`/proc/${this.#process.pid}/fd`).length
  }

  async stop(): Promise<void> {
    if (!this.running) return
    const exited = once(this.#process, "exit")
    this.#process.kill("SIGTERM")
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), 60_000)
    const [code, signal] = await exited
    clearTimeout(timer)
    if (code !== 0) throw new Error(`conformance_server ended with ${code ?? signal}`)
  }
}

export const unaryPath = `${service}/Unary`
export const clientStreamPath = `${service}/ClientStream`
export const bidiStreamPath = `${service}/BidiStream`

// A client that behaves: unary calls one after the other on a connection of its
// own, until it is told to stop. Tells the longest time that one took.
export class Neighbour {
  #stopped = false
  #longestMs = 0
  #calls = 0
  readonly #done: Promise<void>

  constructor(port: number) {
    this.#done = this.#run(port)
    // Reported by stop.
    this.#done.catch(() => {})
  }

  async stop(): Promise<{ longestMs: number; calls: number }> {
    this.#stopped = true
    await this.#done
    return { longestMs: this.#longestMs, calls: this.#calls }
  }

  async #run(port: number): Promise<void> {
    const session = connectHttp2(`http://127.0.0.1:${port}`)
    const failed = once(session, "error").then(([error]) => Promise.reject(error))
    failed.catch(() => {})
    try {
      do {
        const begun = performance.now()
        const stream = session.request({
          ":method": "POST",
          ":path": unaryPath,
          "content-type": "application/json",
          "connect-protocol-version": "1",
        })
        stream.end(JSON.stringify({ responseDefinition: { responseData: "aGVsbG8=" } }))
        const answered = (async () => {
          const [headers] = await once(stream, "response")
          let body = ""
          for await (const chunk of stream) body += chunk
          if (headers[":status"] !== 200 || JSON.parse(body).payload.data !== "aGVsbG8=") {
            throw new Error(`neighbour got ${headers[":status"]}: ${body}`)
          }
        })()
        answered.catch(() => {})
        const late = AbortSignal.timeout(60_000)
        await Promise.race([
          answered,
          failed,
          once(late, "abort").then(() => Promise.reject(new Error("neighbour got no answer in 60 s"))),
        ])
        this.#longestMs = Math.max(this.#longestMs, performance.now() - begun)
        this.#calls++
        await new Promise((resolve) => setTimeout(resolve, 2))
      } while (!this.#stopped)
    } finally {
      session.destroy()
    }
  }
}
