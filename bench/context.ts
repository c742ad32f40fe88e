import type { BenchResult } from "./result.ts"
import type { TargetUrls } from "./target.ts"

/** What an experiment is run with. */
export interface BenchContext {
  /** Measure briefly: for a look, not for figures to quote. */
  quick: boolean
  /** Milliseconds of each measurement. */
  times: { warmupMs: number; measureMs: number }
  /** Requests started a second, one rate after the other; the experiment's own when undefined. */
  rates?: readonly number[]
  /** How often each rate is measured; the experiment's own when undefined. */
  repeats?: number
  /** The Faasm to measure; the embedded runtime when there is none. */
  target?: TargetUrls
  /** Tells what is being measured. */
  progress(message: string): void
  /** Rows that have been and will be measured: when the run is interrupted, those so far are kept. */
  measuring(rows: readonly BenchResult[]): void
  /** Says in a sentence what the rows show; printed below the table. */
  conclude(sentence: string): void
}
