import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"

/** A server in a process of its own, so that its CPU time is not the measuring process's. */
export interface ChildServer {
  /** What the server said it listens on. */
  url: string
  pid: number
  stop(): Promise<void>
}

/**
 * Starts a Node program with the loader of this process, and waits for its line `listening on <url>`.
 *
 * @throws Error when it ends before it listens; its standard error has been passed through.
 */
export function startChild(program: string, args: string[]): Promise<ChildServer> {
  return startProgram(process.execPath, [...process.execArgv, program, ...args])
}

/** As {@link startChild}, for a program that needs no Node. */
export async function startProgram(program: string, args: string[]): Promise<ChildServer> {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] })
  // A run that is interrupted leaves none behind.
  const end = () => child.kill("SIGKILL")
  process.once("exit", end)
  child.once("exit", () => process.off("exit", end))
  const url = await Promise.race([listening(child), ended(child, program)])
  return {
    url,
    pid: child.pid!,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill("SIGTERM")
      await once(child, "exit")
    },
  }
}

async function listening(child: ChildProcess): Promise<string> {
  for await (const line of createInterface(child.stdout!)) {
    const match = /^listening on (\S+)$/.exec(line)
    if (match) return match[1]!
  }
  return new Promise(() => {})
}

async function ended(child: ChildProcess, program: string): Promise<never> {
  const [code, signal] = await once(child, "exit")
  throw new Error(`${program} ended with ${code ?? signal} before it listened`)
}
