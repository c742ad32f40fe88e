import type { BenchContext } from "./context.ts"
import { type BenchResult } from "./result.ts"
/**
 * A whole call inside the function (input, handler, output), without any transport, in both forms of the invocation
 * contract: an order of 1, 10 and 100 lines is priced by a handler of Hono. Memory is put back between calls, untimed.
 */
export declare function benchGuest(context: BenchContext): Promise<BenchResult[]>
