/**
 * The machine's monotonic clock minus `performance.now()`, in milliseconds: what is added to the latter can be compared
 * between threads and processes of a machine.
 */
export function monotonicOffsetMs(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1000 + nanoseconds / 1e6 - performance.now()
}
