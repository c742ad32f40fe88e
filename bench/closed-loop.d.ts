import { type BenchResult } from "./result.ts"
/** What {@link closedLoop} measures. */
export interface ClosedLoopOptions {
  /** Calls kept in flight: a new one starts when one ends. */
  inFlight: number
  /** Milliseconds to run before measuring. */
  warmupMs: number
  /** Milliseconds to measure. */
  measureMs: number
  /** One call; a rejection ends the measurement. */
  call: () => Promise<unknown>
}
/** The figures of one measurement, as a {@link BenchResult} has them. */
export type ClosedLoopFigures = Pick<
  BenchResult,
  "p50Us" | "p99Us" | "callsPerSecond" | "clientCpuUsPerCall"
> & {
  calls: number
}
/** Keeps a number of calls in flight for a while, and takes the time of each. */
export declare function closedLoop(options: ClosedLoopOptions): Promise<ClosedLoopFigures>
