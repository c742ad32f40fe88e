import { spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
/**
 * Starts a Node program with the loader of this process, and waits for its line `listening on <url>`.
 *
 * @throws Error when it ends before it listens; its standard error has been passed through.
 */
export async function startChild(program, args) {
  const child = spawn(process.execPath, [...process.execArgv, program, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  const url = await Promise.race([listening(child), ended(child, program)])
  return {
    url,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill("SIGTERM")
      await once(child, "exit")
    },
  }
}
async function listening(child) {
  for await (const line of createInterface(child.stdout)) {
    const match = /^listening on (\S+)$/.exec(line)
    if (match) return match[1]
  }
  return new Promise(() => {})
}
async function ended(child, program) {
  const [code, signal] = await once(child, "exit")
  throw new Error(`${program} ended with ${code ?? signal} before it listened`)
}
