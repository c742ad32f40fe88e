/** What an experiment is run with. */
export interface BenchContext {
  /** Measure briefly: for a look, not for figures to quote. */
  quick: boolean
  /** Milliseconds of each measurement. */
  times: { warmupMs: number; measureMs: number }
  /** Tells what is being measured. */
  progress(message: string): void
  /** Says in a sentence what the rows show; printed below the table. */
  conclude(sentence: string): void
}
