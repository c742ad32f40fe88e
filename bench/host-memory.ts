import type { FunctionClient } from "../src/channel/function-client.ts"
import type { BenchContext } from "./context.ts"
import { callEcho } from "./echo-call.ts"
import { memoryMibOf } from "./process-usage.ts"
import type { BenchResult } from "./result.ts"
import { rowOf } from "./row.ts"

const CALLS = 100_000
const QUICK_CALLS = 400
/** How often the host's memory is read on the way. */
const READINGS = 10
const IN_FLIGHT = 64

/** What a host keeps of calls that have ended: its memory over many of them. A row per reading. */
export async function measureHostMemory(
  experiment: string,
  way: string,
  client: FunctionClient,
  pid: number,
  context: BenchContext,
): Promise<BenchResult[]> {
  const input = Buffer.alloc(100, "x")
  const each = (context.quick ? QUICK_CALLS : CALLS) / READINGS
  const rows: BenchResult[] = []
  for (let reading = 1; reading <= READINGS; reading++) {
    context.progress(`${experiment}: the host's memory over ${way}, ${reading} of ${READINGS}`)
    const samples: number[] = []
    let left = each
    const lane = async () => {
      while (left-- > 0) {
        const start = performance.now()
        await callEcho(client, input)
        samples.push((performance.now() - start) * 1000)
      }
    }
    const start = performance.now()
    await Promise.all(Array.from({ length: IN_FLIGHT }, lane))
    const more = {
      payloadBytes: input.length,
      inFlight: IN_FLIGHT,
      callsPerSecond: (samples.length * 1000) / (performance.now() - start),
      callsMade: reading * each,
      hostMemoryMib: memoryMibOf(pid).now,
    }
    rows.push(rowOf(experiment, way, samples, more))
  }
  return rows
}
