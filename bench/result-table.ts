import type { BenchResult } from "./result.ts"

/** A column of the table; those of which no row has anything are left out. */
interface Column {
  name: string
  cell(row: BenchResult): string | undefined
}

const COLUMNS: Column[] = [
  { name: "function", cell: (row) => row.function },
  { name: "phase", cell: (row) => row.phase },
  { name: "way", cell: (row) => row.way },
  { name: "kind", cell: (row) => row.kind },
  { name: "payload", cell: (row) => (row.payloadBytes === 0 ? undefined : String(row.payloadBytes)) },
  { name: "rate/s", cell: (row) => row.ratePerSecond?.toString() },
  {
    name: "in flight",
    cell: (row) =>
      row.ratePerSecond === undefined && row.phase === undefined ? String(row.inFlight) : undefined,
  },
  { name: "calls", cell: (row) => row.calls?.toString() },
  { name: "p50 us", cell: (row) => figure(row.p50Us) },
  { name: "p99 us", cell: (row) => figure(row.p99Us) },
  { name: "p99.9 us", cell: (row) => figure(row.p999Us) },
  {
    name: "calls/s",
    cell: (row) =>
      row.ratePerSecond === undefined && row.phase === undefined ? figure(row.callsPerSecond) : undefined,
  },
  { name: "late p99 us", cell: (row) => figure(row.lateP99Us) },
  { name: "cpu us/call", cell: (row) => figure(row.clientCpuUsPerCall) },
  { name: "server cpu us/call", cell: (row) => figure(row.serverCpuUsPerCall) },
  { name: "wire bytes/call", cell: (row) => figure(row.wireBytesPerCall) },
  { name: "calls made", cell: (row) => row.callsMade?.toString() },
  { name: "host MiB", cell: (row) => figure(row.hostMemoryMib) },
]
const LEFT = new Set(["function", "phase", "way", "kind"])

/** Lays out results for a terminal. */
export function resultTable(results: BenchResult[]): string {
  const columns = COLUMNS.map(({ name, cell }) => ({ name, cells: results.map(cell) })).filter(({ cells }) =>
    cells.some((cell) => cell !== undefined),
  )
  const laidOut = columns.map(({ name, cells }) => {
    const texts = [name, ...cells.map((cell) => cell ?? "-")]
    const width = Math.max(...texts.map((text) => text.length))
    return texts.map((text) => (LEFT.has(name) ? text.padEnd(width) : text.padStart(width)))
  })
  return Array.from({ length: results.length + 1 })
    .map((_, line) => laidOut.map((column) => column[line]).join("  "))
    .join("\n")
}

/** Three significant digits, whole from 100. */
function figure(value: number | null | undefined): string | undefined {
  if (value === null || value === undefined || Number.isNaN(value)) return undefined
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3)
}
