import { readFile } from "node:fs/promises"
import { BenchError } from "../bench-error.ts"
import type { BenchReport, BenchResult } from "../result.ts"

/** The fields of a row by type; those with `?` may be absent, those with `null` may be null. */
const ROW_FIELDS: Record<
  keyof BenchResult,
  "string" | "number" | "string?" | "number?" | "number?null" | "numbers?"
> = {
  experiment: "string",
  way: "string",
  payloadBytes: "number",
  kind: "string?",
  inFlight: "number",
  calls: "number?",
  p50Us: "number",
  p99Us: "number",
  p999Us: "number?",
  // JSON has no infinity, which is what calls make a second that take no time that the clock can tell.
  callsPerSecond: "number?null",
  clientCpuUsPerCall: "number?null",
  serverCpuUsPerCall: "number?null",
  wireBytesPerCall: "number?null",
  function: "string?",
  phase: "string?",
  ratePerSecond: "number?",
  lateP99Us: "number?",
  callsMade: "number?",
  hostMemoryMib: "number?",
  samplesUs: "numbers?",
}

/**
 * Reads the results of a run, as `--json` writes them.
 *
 * @throws {@link BenchError} `unreadable-report` when there is no such file, or it is none of these.
 */
export async function readReport(file: string): Promise<BenchReport> {
  let report: BenchReport
  try {
    report = JSON.parse(await readFile(file, "utf8"))
  } catch (cause) {
    throw new BenchError("unreadable-report", `${file}: ${(cause as Error).message}`, { cause })
  }
  const wrong = wrongIn(report)
  if (wrong) {
    const hint = "make the file with hono-faasm bench --json"
    throw new BenchError("unreadable-report", `${file} has no results of a benchmark: ${wrong}; ${hint}`)
  }
  const results = report.results.map((row) => ({
    ...row,
    callsPerSecond: row.callsPerSecond ?? Number.POSITIVE_INFINITY,
  }))
  return { ...report, results }
}

function wrongIn(report: BenchReport): string | undefined {
  if (typeof report !== "object" || report === null) return "it is no object"
  const { format, date, commit, quick, machine, versions, host, results, conclusions } = report
  if (format !== 1) return "its format is not 1"
  if (typeof date !== "string" || typeof host !== "string" || typeof quick !== "boolean")
    return "no date, host or quick"
  if (commit !== undefined && typeof commit !== "string") return "commit is no string"
  if (typeof machine?.cpu !== "string" || typeof machine.os !== "string") return "no machine"
  if (!Number.isFinite(machine.cores) || !Number.isFinite(machine.memoryBytes)) return "no machine"
  if (typeof versions !== "object" || versions === null) return "no versions"
  if (Object.values(versions).some((version) => typeof version !== "string")) return "a version is no string"
  if (!Array.isArray(conclusions) || conclusions.some((one) => typeof one !== "string"))
    return "no conclusions"
  if (!Array.isArray(results)) return "no results"
  for (const [i, row] of results.entries()) {
    if (typeof row !== "object" || row === null) return `result ${i} is no object`
    for (const [name, type] of Object.entries(ROW_FIELDS)) {
      if (!isOf(row[name as keyof BenchResult], type)) return `result ${i} has a wrong ${name}`
    }
  }
  return undefined
}

function isOf(value: unknown, type: (typeof ROW_FIELDS)[keyof BenchResult]): boolean {
  if (value === undefined) return type.includes("?")
  if (value === null) return type.endsWith("null")
  if (type === "numbers?") return Array.isArray(value) && value.every((one) => Number.isFinite(one))
  return type.startsWith("number") ? Number.isFinite(value) : typeof value === "string"
}
