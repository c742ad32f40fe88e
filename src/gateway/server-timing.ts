import type { CallTimings } from "../channel/function-client.ts"
import { monotonicOffsetMs } from "../monotonic-clock.ts"
import type { Reply } from "./reply.ts"

/**
 * What a `Server-Timing` header tells. `true`: where the gateway's and the function's time went, for which the server is
 * asked. `"detailed"`: every phase on the way, for which the function is asked, too. A server that does not tell leaves
 * the answer without the header.
 */
export type ServerTiming = boolean | "detailed"

/** What the gateway measured of a request; the moments on `performance.now()`. */
export interface GatewayTimes {
  /** The request came to the handler. */
  startedAt: number
  /** Milliseconds that encoding it took. */
  encodeMs: number
  /** It was encoded. */
  sentAt: number
  /** The function's answer came. */
  receivedAt: number
  /** It was decoded. */
  decodedAt: number
  /** There was a response. */
  respondedAt: number
}

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
export function serverTiming(times: GatewayTimes, timings: CallTimings): string {
  return write([
    ["encode", times.encodeMs],
    ["queue", timings.queuedUs / 1000, timings.cold ? "cold" : undefined],
    ["execute", timings.executedUs / 1000],
    ["decode", times.respondedAt - times.receivedAt],
  ])
}

/**
 * The same in detail. All but `total`, which is their sum as the gateway's clock has it, and `reset`, which comes after
 * the answer of an earlier call:
 *
 * - `encode`: collecting what the handler may read, and writing the message
 * - `out`, `back`: to the function's host and back; together `channel` when the host's clock isn't the gateway's
 * - `queue`: waiting for a slot, and waking what serves it
 * - `instance`: taking a clean faaslet, or making one
 * - `guest-decode`, `handler`, `guest-encode`: in the function; together `execute` when it does not tell
 * - `decode`, `respond`: reading the reply, and making a response of it
 */
export function detailedServerTiming(
  times: GatewayTimes,
  timings: CallTimings,
  phases: Reply["phases"],
): string {
  const { queuedUs, executedUs, cold, arrivedAtUs, resetUs } = timings
  const instanceMs = (timings.instanceUs ?? 0) / 1000
  const queueMs = Math.max(0, queuedUs / 1000 - instanceMs)
  const executeMs = executedUs / 1000
  const channelMs = times.receivedAt - times.sentAt - queueMs - instanceMs - executeMs
  return write([
    ["encode", times.sentAt - times.startedAt],
    ...channel(channelMs, arrivedAtUs === undefined ? undefined : arrivedAtUs / 1000 - times.sentAt),
    ["queue", queueMs],
    ["instance", instanceMs, cold ? "cold" : undefined],
    ...execute(executeMs, phases),
    ["decode", times.decodedAt - times.receivedAt],
    ["respond", times.respondedAt - times.decodedAt],
    ["total", times.respondedAt - times.startedAt],
    ...(resetUs === undefined ? [] : [["reset", resetUs / 1000] as const]),
  ])
}

type Entry = readonly [name: string, ms: number, description?: string]

/** Clocks tell microseconds, and two of them may be a microsecond apart. */
const CLOCK_ERROR_MS = 0.005

/** @param sinceSent - from the gateway's `performance.now()` when it sent, to the host's clock when it came there */
function channel(channelMs: number, sinceSent: number | undefined): Entry[] {
  if (sinceSent !== undefined) {
    const out = sinceSent - monotonicOffset()
    if (out > -CLOCK_ERROR_MS && out < channelMs + CLOCK_ERROR_MS) {
      return [
        ["out", out],
        ["back", channelMs - Math.max(0, out)],
      ]
    }
  }
  return [["channel", channelMs]]
}

function execute(executeMs: number, phases: Reply["phases"]): Entry[] {
  const decodeMs = phases ? executeMs - (phases.handlerUs + phases.encodeUs) / 1000 : -1
  // The function says what it likes.
  if (!phases || !(decodeMs > -CLOCK_ERROR_MS && phases.handlerUs >= 0 && phases.encodeUs >= 0)) {
    return [["execute", executeMs]]
  }
  return [
    ["guest-decode", decodeMs],
    ["handler", phases.handlerUs / 1000],
    ["guest-encode", phases.encodeUs / 1000],
  ]
}

let offset: number | undefined

function monotonicOffset(): number {
  offset ??= monotonicOffsetMs()
  return offset
}

function write(entries: readonly Entry[]): string {
  return entries
    .map(
      ([name, ms, description]) =>
        `${name};dur=${rounded(ms)}${description === undefined ? "" : `;desc="${description}"`}`,
    )
    .join(", ")
}

const rounded = (ms: number): string => String(Math.round(Math.max(0, ms) * 1000) / 1000)
