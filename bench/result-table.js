const HEAD = ["way", "payload", "in flight", "p50 us", "p99 us", "calls/s", "cpu us/call", "wire bytes/call"]
/** Lays out results for a terminal. */
export function resultTable(results) {
  const rows = results.map((row) => [
    row.way,
    String(row.payloadBytes),
    String(row.inFlight),
    figure(row.p50Us),
    figure(row.p99Us),
    figure(row.callsPerSecond),
    figure(row.clientCpuUsPerCall),
    figure(row.wireBytesPerCall),
  ])
  const widths = HEAD.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i].length)))
  return [HEAD, ...rows]
    .map((row) =>
      row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join("  "),
    )
    .join("\n")
}
/** Three significant digits, whole from 100. */
function figure(value) {
  if (value === null || Number.isNaN(value)) return "-"
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3)
}
