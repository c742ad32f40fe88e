import type { BenchContext } from "./context.ts"
import { type BenchResult } from "./result.ts"
/**
 * The first call of a function that has never run (`cold`) against the next one (`warm`), without a network: what is
 * between them is making a faaslet of the snapshot. No script is loaded in either.
 */
export declare function benchColdStart(context: BenchContext): Promise<BenchResult[]>
