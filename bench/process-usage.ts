import { readFileSync } from "node:fs"

/** Ticks per second of the times in /proc: USER_HZ, which is 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100

/** CPU time that a process has used, user and system, in microseconds. */
export function cpuUsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
  // The second field, the program's name, may have spaces in it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  const [user, system] = [Number(fields[11]), Number(fields[12])]
  return ((user + system) * 1e6) / TICKS_PER_SECOND
}

/** Memory of a process, in MiB: what is resident now, and the most that was. */
export function memoryMibOf(pid: number): { now: number; most: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8")
  const mib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)![1]) / 1024
  return { now: mib("VmRSS"), most: mib("VmHWM") }
}
