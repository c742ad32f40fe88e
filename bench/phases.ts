import type { IncomingHttpHeaders } from "node:http"
import { SERVED_HEADER } from "./timed-listener.ts"

/** The phases of an offloaded request, in their order. */
export const PHASES = [
  "gateway parse",
  "validate",
  "encode",
  "channel out",
  // Both ways together, where the host's clock is another one.
  "channel",
  "queue",
  "instance",
  "guest decode",
  "handler",
  // All of the function, where it does not tell.
  "function",
  "guest encode",
  "channel back",
  "gateway decode",
  "respond",
] as const

/** One of {@link PHASES}. */
type Phase = (typeof PHASES)[number]

/** The phases that are the app's own work. */
export const HANDLERS: ReadonlySet<string> = new Set<Phase>(["handler", "function"])

/** The work between two requests that puts the function's memory back; no part of either's time. */
export const RESET_PHASE = "reset"

/** A request as the client saw it. */
export interface ServedRequest {
  /** When it was sent, on the machine's monotonic clock, in microseconds. */
  sentUs: number
  /** When the whole answer had come. */
  answeredUs: number
  headers: IncomingHttpHeaders
}

/** Where a request's time went, in microseconds. */
export interface RequestPhases {
  wholeUs: number
  phases: Record<string, number>
  /** Undefined when the host does not tell. */
  resetUs: number | undefined
}

/** The gateway's entries of `Server-Timing` that are phases as they are. */
const ENTRIES: readonly [entry: string, phase: Phase][] = [
  ["encode", "encode"],
  ["out", "channel out"],
  ["channel", "channel"],
  ["queue", "queue"],
  ["instance", "instance"],
  ["guest-decode", "guest decode"],
  ["execute", "function"],
  ["handler", "handler"],
  ["guest-encode", "guest encode"],
  ["back", "channel back"],
  ["decode", "gateway decode"],
]

/**
 * The phases of an offloaded request. A host that does not tell the ways apart has one phase `channel`, a function that
 * does not tell its phases one `function`.
 *
 * @throws Error when the answer has no timings, so did not come of a function
 */
export function offloadedPhases({ sentUs, answeredUs, headers }: ServedRequest): RequestPhases {
  const [calledUs, headUs] = servedTimes(headers)
  const entries = serverTimings(`${headers["server-timing"] ?? ""}`)
  const total = entries.get("total")
  if (total === undefined) throw new Error("the gateway told no timings; did the handler run in a function?")
  const phases: Record<string, number> = {
    "gateway parse": calledUs - sentUs,
    // What the app and Hono do around the offloaded handler, nearly all of it before.
    validate: headUs - calledUs - total,
  }
  for (const [entry, phase] of ENTRIES) {
    const us = entries.get(entry)
    if (us !== undefined) phases[phase] = us
  }
  phases.respond = (entries.get("respond") ?? 0) + answeredUs - headUs
  return { wholeUs: answeredUs - sentUs, phases, resetUs: entries.get("reset") }
}

/** The phases of a request whose handler ran in the server's own process. */
export function nativePhases({ sentUs, answeredUs, headers }: ServedRequest): RequestPhases {
  const [calledUs, headUs] = servedTimes(headers)
  const phases = {
    "gateway parse": calledUs - sentUs,
    handler: headUs - calledUs,
    respond: answeredUs - headUs,
  }
  return { wholeUs: answeredUs - sentUs, phases, resetUs: undefined }
}

/** The phases together. */
export function sumOf({ phases }: RequestPhases): number {
  return Object.values(phases).reduce((sum, us) => sum + us, 0)
}

function servedTimes(headers: IncomingHttpHeaders): [calledUs: number, headUs: number] {
  const times = `${headers[SERVED_HEADER] ?? ""}`.split(" ").map(Number)
  if (times.length !== 2 || times.some(Number.isNaN)) throw new Error("the server told no times")
  return times as [number, number]
}

/** Durations by name, in microseconds. */
function serverTimings(header: string): Map<string, number> {
  const found = new Map<string, number>()
  for (const [, name, ms] of header.matchAll(/([\w-]+);dur=([\d.]+)/g)) found.set(name!, Number(ms) * 1000)
  return found
}
