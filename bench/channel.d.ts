import type { BenchContext } from "./context.ts"
import type { BenchResult } from "./result.ts"
/** The channel alone, to a server that echoes in process (`rpc`), beside a TCP ping-pong of the same size (`tcp`). */
export declare function benchChannel(
  context: Pick<BenchContext, "times" | "progress">,
): Promise<BenchResult[]>
