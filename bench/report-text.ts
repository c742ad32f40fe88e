import type { BenchReport } from "./result.ts"

/** A report as JSON, a row to a line: raw samples would else take a line each. */
export function reportText({ results, ...head }: BenchReport): string {
  const start = JSON.stringify(head, null, 2).slice(0, -2)
  const rows = results.map((row) => `\n    ${JSON.stringify(row)}`).join(",")
  return `${start},\n  "results": [${rows}\n  ]\n}\n`
}
