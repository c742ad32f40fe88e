/** Names of the experiments. */
export declare const experimentNames: string[]
/** Options of {@link runBench}. */
export interface RunBenchOptions {
  /** Which experiments to run; all when empty. */
  names: string[]
  /** Measure briefly: all experiments together within a minute. */
  quick: boolean
  /** File for the report. */
  json?: string
}
/**
 * Runs experiments, prints a table of each, and writes the report. When interrupted, what has been measured is still
 * written.
 */
export declare function runBench({ names, quick, json }: RunBenchOptions): Promise<void>
