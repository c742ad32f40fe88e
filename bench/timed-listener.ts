import type { RequestListener } from "node:http"
import { monotonicOffsetMs } from "../src/monotonic-clock.ts"

/** The header in which a server tells when a request came to it and when it answered, in microseconds. */
export const SERVED_HEADER = "bench-served"

/** The machine's monotonic clock, in microseconds: the same in every process. */
export function monotonicUs(): number {
  return (performance.now() + offsetMs) * 1000
}

const offsetMs = monotonicOffsetMs()

/** Tells in {@link SERVED_HEADER} when the listener was called, and when it wrote the answer's head. */
export function timedListener(listener: RequestListener): RequestListener {
  return (request, response) => {
    const calledUs = monotonicUs()
    const writeHead = response.writeHead.bind(response) as (...args: unknown[]) => typeof response
    response.writeHead = (...args: unknown[]) => {
      response.setHeader(SERVED_HEADER, `${calledUs.toFixed(1)} ${monotonicUs().toFixed(1)}`)
      return writeHead(...args)
    }
    listener(request, response)
  }
}
