import { setTimeout as sleep } from "node:timers/promises"

/** What {@link openLoop} measures. */
export interface OpenLoopOptions {
  ratePerSecond: number
  /** Milliseconds over which requests are started. */
  durationMs: number
  /** One request; a rejection ends the measurement. */
  call: () => Promise<unknown>
}

/** The outcome of {@link openLoop}. */
export interface OpenLoopSamples {
  /** Microseconds of each request, from the moment that it was due. */
  latenciesUs: number[]
  /** Microseconds by which requests were started late: what the generator itself adds. */
  lateUs: number[]
  /** CPU time (user and system) of this process per request, in microseconds. */
  clientCpuUsPerCall: number
}

/**
 * Starts requests at a fixed rate, whether or not the ones before have been answered.
 *
 * A request's time counts from the moment that it was due, not from when it was sent. So a server that stands still is
 * charged for all requests that would have come meanwhile ("coordinated omission").
 */
export async function openLoop({
  ratePerSecond,
  durationMs,
  call,
}: OpenLoopOptions): Promise<OpenLoopSamples> {
  const count = Math.max(1, Math.round((ratePerSecond * durationMs) / 1000))
  const latenciesUs: number[] = []
  const lateUs: number[] = []
  const pending: Promise<void>[] = []
  const cpu = process.cpuUsage()
  const start = performance.now()
  for (let i = 0; i < count; i++) {
    const due = start + (i * 1000) / ratePerSecond
    await until(due)
    lateUs.push((performance.now() - due) * 1000)
    pending.push(
      call().then(() => {
        latenciesUs.push((performance.now() - due) * 1000)
      }),
    )
  }
  await Promise.all(pending)
  const used = process.cpuUsage(cpu)
  return { latenciesUs, lateUs, clientCpuUsPerCall: (used.user + used.system) / count }
}

/** Timers are a millisecond off: the last one is waited for turn by turn, which lets answers in. */
async function until(due: number): Promise<void> {
  for (let left = due - performance.now(); left > 0; left = due - performance.now()) {
    await (left > 1.5 ? sleep(left - 1.2) : new Promise(setImmediate))
  }
}
