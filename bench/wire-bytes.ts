import type { FunctionClient } from "../src/channel/function-client.ts"
import { startCountingProxy } from "./counting-proxy.ts"
import { callEcho } from "./echo-call.ts"

/** Calls from which bytes on the wire are counted. */
const COUNTED_CALLS = 320

/**
 * Mean bytes of an echo call on a connection that is already open, both directions together. Counted in a pass of its
 * own: the proxy would cost time.
 */
export async function wireBytes(
  server: string,
  open: (url: string) => FunctionClient,
  input: Uint8Array,
  inFlight: number,
): Promise<number> {
  const proxy = await startCountingProxy(server)
  const client = open(proxy.url)
  try {
    await callEcho(client, input)
    const before = proxy.bytes()
    let made = 0
    const lane = async () => {
      while (made++ < COUNTED_CALLS) await callEcho(client, input)
    }
    await Promise.all(Array.from({ length: inFlight }, lane))
    return (proxy.bytes() - before) / COUNTED_CALLS
  } finally {
    await client.close()
    await proxy.close()
  }
}
