import type { BenchContext } from "./context.ts"
import type { BenchResult } from "./result.ts"
/**
 * The main comparison: the same echo function on the same server, called over the channel (`rpc`) and over the
 * planner's HTTP/JSON dialect (`json`), beside the same echo in a Hono app in process (`native`) and a TCP ping-pong
 * of the same size (`tcp`). The ways alternate within each payload and number in flight.
 */
export declare function benchRpcVsJson(context: BenchContext): Promise<BenchResult[]>
