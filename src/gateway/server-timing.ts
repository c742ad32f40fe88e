import type { InvokeResult } from "../channel/function-client.ts"

/**
 * The `Server-Timing` header of an answer: where the time went, in ms.
 *
 * - `encode`: request to message, in the gateway
 * - `queue`: waiting for a faaslet
 * - `execute`: in the function
 * - `decode`: message to response, in the gateway
 *
 * @see {@link https://www.w3.org/TR/server-timing/ | Server Timing}
 */
export function serverTiming(encodeMs: number, timings: InvokeResult["timings"], decodeMs: number): string {
  const queue = `queue;dur=${ms(timings.queuedUs / 1000)}${timings.cold ? ';desc="cold"' : ""}`
  return `encode;dur=${ms(encodeMs)}, ${queue}, execute;dur=${ms(timings.executedUs / 1000)}, decode;dur=${ms(decodeMs)}`
}

const ms = (value: number): string => String(Math.round(value * 1000) / 1000)
