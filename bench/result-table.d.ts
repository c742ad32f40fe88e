import type { BenchResult } from "./result.ts"
/** Lays out results for a terminal. */
export declare function resultTable(results: BenchResult[]): string
