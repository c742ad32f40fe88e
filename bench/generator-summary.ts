import type { BenchResult } from "./result.ts"

/**
 * What the load generator itself took and how late it was, in a sentence, so that a reader can tell whether it was what
 * was measured. Undefined when no row tells.
 */
export function generatorSummary(rows: readonly BenchResult[]): string | undefined {
  const shares = rows.flatMap(({ clientCpuUsPerCall, callsPerSecond }) =>
    clientCpuUsPerCall === null ? [] : (clientCpuUsPerCall * callsPerSecond) / 1e6,
  )
  const late = rows.flatMap(({ lateP99Us }) => lateP99Us ?? [])
  if (shares.length === 0) return undefined
  const cpu = `the measuring process used up to ${(Math.max(...shares) * 100).toFixed(0)} % of a core`
  return late.length === 0
    ? cpu
    : `${cpu}, the waiting for due requests turn by turn included, and started requests up to ` +
        `${Math.max(...late).toFixed(0)} us late (99th percentile)`
}
