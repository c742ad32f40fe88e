import type { BenchContext } from "./context.ts"
import type { BenchResult } from "./result.ts"
/**
 * A request to a Hono app and its response, with the handler in process (`native`), on the embedded runtime over the
 * channel (`rpc`) and over the planner's dialect (`json`): everything but the client's HTTP.
 */
export declare function benchEndToEnd(context: BenchContext): Promise<BenchResult[]>
