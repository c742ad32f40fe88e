import { readdirSync, readFileSync } from "node:fs"

/**
 * CPU time that a process's threads have used, user and system, in microseconds. Of the scheduler, which counts
 * nanoseconds: the times of the process as a whole are in ticks of 10 ms, more than some measurements take.
 */
export function cpuUsOf(pid: number): number {
  const tasks = `/proc/${pid}/task`
  let ns = 0
  for (const task of readdirSync(tasks)) {
    try {
      ns += Number(readFileSync(`${tasks}/${task}/schedstat`, "utf8").split(" ")[0])
    } catch (error) {
      // A thread that has ended meanwhile.
      if (!["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error
    }
  }
  return ns / 1000
}

/** Memory of a process, in MiB: what is resident now, and the most that was. */
export function memoryMibOf(pid: number): { now: number; most: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8")
  const mib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)![1]) / 1024
  return { now: mib("VmRSS"), most: mib("VmHWM") }
}
