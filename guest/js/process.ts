// There is no `process` in a function. What modules do with these parts of it while they are loaded goes well,
// what a request does with them throws. The bundler puts them in where they are used by these names.
import { stub } from "./unavailable.ts"

const argv = stub("process.argv")
const cwd = stub("process.cwd")
const env = stub("process.env")
const exit = stub("process.exit")
const nextTick = (callback: (...args: unknown[]) => void, ...args: unknown[]) =>
  queueMicrotask(() => callback(...args))
const off = stub("process.off")
const on = stub("process.on")
const once = stub("process.once")
const stderr = stub("process.stderr")
const stdin = stub("process.stdin")
const stdout = stub("process.stdout")

export {
  argv as "process.argv",
  cwd as "process.cwd",
  env as "process.env",
  exit as "process.exit",
  nextTick as "process.nextTick",
  off as "process.off",
  on as "process.on",
  once as "process.once",
  stderr as "process.stderr",
  stdin as "process.stdin",
  stdout as "process.stdout",
}
