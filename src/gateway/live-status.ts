import type { Manifest, ManifestRoute } from "../manifest.ts"
import type { CallEvent, Way } from "./events.ts"

/** Different misfit reasons that are counted for a route; further ones are counted together. */
const MAX_REASONS = 20

/** Which way the calls of a route went, since the gateway started. */
export interface RouteStatus {
  method: string
  path: string
  /** Null when the route stays local. */
  function: string | null
  /** Answered requests by way. */
  calls: Record<Way, number>
  /** The way of the latest. */
  lastWay?: Way
  /** Requests that failed on their way or in the function, without a response from the handler. */
  failed: number
  /** Values that travelled as JSON text instead of protobuf, by reason. */
  misfits: Record<string, number>
}

/** Counts calls by route. */
export class LiveStatus {
  readonly #routes = new Map<number, RouteStatus>()

  constructor(manifest: Manifest) {
    for (const { index, method, path, function: fn } of manifest.routes) {
      const calls = { rpc: 0, planner: 0, local: 0 }
      this.#routes.set(index, { method, path, function: fn, calls, failed: 0, misfits: Object.create(null) })
    }
  }

  /** Counts an answered request. */
  count(route: ManifestRoute, event: CallEvent): void {
    const status = this.#routes.get(route.index)!
    status.calls[event.way] += 1
    status.lastWay = event.way
    if (event.error) status.failed += 1
    for (const reason of event.misfits) {
      const key =
        reason in status.misfits || Object.keys(status.misfits).length < MAX_REASONS ? reason : "other"
      status.misfits[key] = (status.misfits[key] ?? 0) + 1
    }
  }

  /** The routes in the order of the app. */
  routes(): RouteStatus[] {
    return structuredClone([...this.#routes.values()])
  }
}
