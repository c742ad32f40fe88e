/** The first readings are slow: code that has not run yet, and a system that has other things to do. */
const READINGS = 50

/**
 * The machine's monotonic clock minus `performance.now()`, in milliseconds: what is added to the latter can be compared
 * between threads and processes of a machine. Right to a microsecond or so.
 */
export function monotonicOffsetMs(): number {
  let offset = 0
  let closest = Number.POSITIVE_INFINITY
  for (let i = 0; i < READINGS; i++) {
    const before = performance.now()
    const [seconds, nanoseconds] = process.hrtime()
    const after = performance.now()
    // The pair that nothing came between.
    if (after - before >= closest) continue
    closest = after - before
    offset = seconds * 1000 + nanoseconds / 1e6 - (before + after) / 2
  }
  return offset
}
