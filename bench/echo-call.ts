import type { FunctionCall, InvokeResult } from "../src/channel/function-client.ts"
import { PlannerClient } from "../src/planner/index.ts"

/** Where the echo function is uploaded. */
export const ECHO = { user: "bench", function: "echo" }

const CALL_TIMEOUT_MS = 30_000

/** What can call it: a client of the project's, or one of the ways there were before. */
export interface EchoClient {
  invoke(call: FunctionCall): Promise<Pick<InvokeResult, "output">>
}

/** Calls the echo function; what it answers. */
export async function callEcho(client: EchoClient, input: Uint8Array): Promise<Uint8Array> {
  const { output } = await client.invoke({ ...ECHO, input, idempotent: true, timeoutMs: CALL_TIMEOUT_MS })
  return output
}

/** A planner has no queue: with more calls in flight than slots, what waits for one is measured too. */
export function openPlanner(url: string): PlannerClient {
  return new PlannerClient({ url, slotWaitMs: CALL_TIMEOUT_MS })
}
