import { spawn } from "node:child_process"
import { once } from "node:events"
import { closeSync, mkdtempSync, openSync, readSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import type { TestServer, TestServerOptions } from "./function-servers.ts"

const FLAGS = {
  credits: "--credits",
  maxBindings: "--max-bindings",
  maxFrameBytes: "--max-frame-bytes",
  maxKeptBytes: "--max-kept-bytes",
  maxRetainedBytes: "--max-retained-bytes",
  maxSessions: "--max-sessions",
  resumeWindowMs: "--resume-window-ms",
  drainMs: "--drain-ms",
} as const satisfies Partial<Record<keyof TestServerOptions, string>>

/** Starts `function_server`, with further flags. */
export async function startNativeServer(
  program: string,
  options: TestServerOptions = {},
  flags: readonly string[] = [],
): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), "function-server-"))
  const journalFile = join(folder, "journal")
  const { echoDelayMs, record = true } = options
  const args = ["--metrics-port", "0", "--slots", "2000", ...flags]
  for (const [option, flag] of Object.entries(FLAGS)) {
    const value = options[option as keyof typeof FLAGS] ?? (option === "drainMs" ? 0 : undefined)
    if (value !== undefined) args.push(flag, String(value))
  }
  if (echoDelayMs) args.push("--echo-delay-ms", echoDelayMs.join("-"))
  if (record) args.push("--journal", journalFile)

  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] })
  const exited = once(child, "exit")
  let metricsUrl = ""
  let url = ""
  for await (const line of createInterface(child.stdout)) {
    const address = /https?:\S+/.exec(line)?.[0] ?? ""
    if (line.startsWith("metrics on ")) metricsUrl = address
    if (!line.startsWith("listening on ")) continue
    url = address
    break
  }
  if (url === "") throw new Error(`function_server ended with ${await exited}`)
  // Nothing that a test counts as left open.
  child.unref()
  child.stdout.destroy()

  const stop = async () => {
    child.ref()
    child.kill("SIGTERM")
    const [code, signal] = await exited
    if (code !== 0) throw new Error(`function_server ended with ${code ?? signal}`)
  }
  const journal = new Journal(journalFile)
  return {
    url,
    port: Number(new URL(url).port),
    invoker: journal,
    async sessions() {
      if (child.exitCode !== null) return 0
      const text = await (await fetch(metricsUrl, { headers: { connection: "close" } })).text()
      return Number(/^hono_faasm_sessions (\d+)$/m.exec(text)![1])
    },
    drain: stop,
    async close() {
      await stop()
      journal.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** What a server's journal says. */
class Journal {
  readonly #file: string
  #descriptor: number | undefined
  #rest = ""
  #running = 0
  readonly #runs = new Map<string, number>()
  readonly #calls: { function: string; traceparent?: string }[] = []

  constructor(file: string) {
    this.#file = file
  }

  get running(): number {
    this.#read()
    return this.#running
  }

  get runs(): ReadonlyMap<string, number> {
    this.#read()
    return this.#runs
  }

  get calls(): readonly { function: string; traceparent?: string }[] {
    this.#read()
    return this.#calls
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor)
    this.#descriptor = undefined
  }

  #read(): void {
    this.#descriptor ??= openSync(this.#file, "r")
    const chunk = Buffer.alloc(1024 * 1024)
    for (let count = -1; count !== 0; ) {
      count = readSync(this.#descriptor, chunk)
      const lines = (this.#rest + chunk.toString("latin1", 0, count)).split("\n")
      this.#rest = lines.pop()!
      for (const line of lines) this.#add(line)
    }
  }

  #add(line: string): void {
    const [sign, , name, traceparent, input] = line.split(" ")
    if (sign === "-") {
      this.#running--
      return
    }
    this.#running++
    this.#calls.push({ function: name!, traceparent: traceparent === "-" ? undefined : traceparent })
    const key = Buffer.from(input!, "base64").toString("latin1")
    this.#runs.set(key, (this.#runs.get(key) ?? 0) + 1)
  }
}
