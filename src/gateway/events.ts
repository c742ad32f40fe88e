import type { OffloadError } from "./failure.ts"

/** What happens in a gateway, for a log. */
export type GatewayEvent = CallEvent | SwitchEvent

/** How a request's handler ran: on Faasm by `rpc` or `planner`, or in the gateway. */
export type Way = "rpc" | "planner" | "local"

/** A request for an offloaded route has been answered. */
export interface CallEvent {
  type: "call"
  method: string
  /** The route's pattern, not the request's path. */
  path: string
  function: string
  way: Way
  /** HTTP status of the answer. */
  status: number
  /** From the handler's start to its response, in ms. */
  durationMs: number
  /** Why a value travelled as JSON text instead of protobuf: the path in it, and what did not fit. */
  misfits: string[]
  /** Why the handler ran in the gateway although its route is offloaded. */
  localReason?: string
  /** Why there is no response from the handler. */
  error?: OffloadError
  /** What the handler threw and the app's onError answered. */
  thrown?: Error
}

/** Calls change from one way to the other. */
export interface SwitchEvent {
  type: "switch"
  to: "rpc" | "planner"
  reason: string
}

/** Logs what an operator should act on: failures of the machinery, and changes of way. */
export function logTroubles(event: GatewayEvent): void {
  if (event.type === "switch") console.warn(`hono-faasm: calls go by ${event.to} now: ${event.reason}`)
  else if (event.error && event.error.code !== "cancelled") {
    const { method, path, way, error } = event
    console.warn(`hono-faasm: ${method} ${path} by ${way}: ${error.status} ${error.code}: ${error.message}`)
  }
}
