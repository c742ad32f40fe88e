import { PHASES } from "./phases.ts"
import type { BenchResult } from "./result.ts"

/** The row is of an offloaded function's whole request. */
export function isWhole(row: BenchResult): boolean {
  return row.way === "offloaded" && row.function !== undefined && row.phase === undefined
}

/** The share of each of some phases in their sum, by medians: its mean over the functions of a breakdown. */
export function meanShares(rows: readonly BenchResult[], phases: readonly string[]): Map<string, number> {
  const names = rows.filter(isWhole).map((row) => row.function!)
  const shares = new Map<string, number>()
  for (const name of names) {
    const found = phaseRows(rows, name).filter((row) => phases.includes(row.phase!))
    const sum = found.reduce((total, row) => total + row.p50Us, 0)
    for (const { phase, p50Us } of found) {
      shares.set(phase!, (shares.get(phase!) ?? 0) + p50Us / sum / names.length)
    }
  }
  return shares
}

/** The sum of the phases' medians over the whole's, for the function for which it is furthest from 1. */
export function worstSum(rows: readonly BenchResult[]): number {
  const ratios = rows.filter(isWhole).map((whole) => {
    const sum = phaseRows(rows, whole.function!).reduce((total, row) => total + row.p50Us, 0)
    return sum / whole.p50Us
  })
  return ratios.reduce((worst, ratio) => (Math.abs(ratio - 1) > Math.abs(worst - 1) ? ratio : worst), 1)
}

function phaseRows(rows: readonly BenchResult[], name: string): BenchResult[] {
  return rows.filter(
    (row) => row.way === "offloaded" && row.function === name && PHASES.includes(row.phase as never),
  )
}
