import { closedLoop } from "./closed-loop.ts"
import type { BenchContext } from "./context.ts"
import { cpuUsOf } from "./process-usage.ts"
import type { BenchResult } from "./result.ts"

/** What is called in turn with others. */
export interface Contestant {
  way: string
  call: () => Promise<unknown>
  /** The process that answers, where its CPU time can be read. */
  pid: number | null
  wireBytesPerCall?: number
}

/** Keeps calls in flight for a while: latency, calls per second, and CPU time on both sides. */
export async function measureContestant(
  { way, call, pid, wireBytesPerCall }: Contestant,
  row: Pick<BenchResult, "experiment" | "payloadBytes" | "inFlight" | "kind" | "function">,
  times: BenchContext["times"],
): Promise<BenchResult> {
  // Those of the warm-up cost the server as well.
  let begun = 0
  const counted = () => {
    begun++
    return call()
  }
  const cpu = pid === null ? 0 : cpuUsOf(pid)
  const figures = await closedLoop({ inFlight: row.inFlight, call: counted, ...times })
  const serverCpuUsPerCall = pid === null ? null : (cpuUsOf(pid) - cpu) / begun
  return { ...row, way, ...figures, serverCpuUsPerCall, wireBytesPerCall: wireBytesPerCall ?? null }
}
