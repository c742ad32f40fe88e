import { quantile } from "./result.js"
/** Keeps a number of calls in flight for a while, and takes the time of each. */
export async function closedLoop(options) {
  await run(options, options.warmupMs)
  const cpu = process.cpuUsage()
  const start = performance.now()
  const samples = await run(options, options.measureMs)
  const seconds = (performance.now() - start) / 1000
  const used = process.cpuUsage(cpu)
  const sorted = Float64Array.from(samples).sort()
  return {
    calls: sorted.length,
    p50Us: quantile(sorted, 0.5),
    p99Us: quantile(sorted, 0.99),
    callsPerSecond: sorted.length / seconds,
    clientCpuUsPerCall: (used.user + used.system) / sorted.length,
  }
}
async function run({ inFlight, call }, ms) {
  const samples = []
  const end = performance.now() + ms
  const lane = async () => {
    for (let start = performance.now(); start < end; ) {
      await call()
      const now = performance.now()
      samples.push((now - start) * 1000)
      start = now
    }
  }
  await Promise.all(Array.from({ length: inFlight }, lane))
  return samples
}
