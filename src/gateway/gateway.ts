import type { RouterRoute } from "hono/types"
import { MANIFEST_FILE } from "../manifest.ts"
import type { Build } from "./build.ts"
import type { CallEvent, GatewayEvent } from "./events.ts"
import { drainingFailure } from "./failure.ts"
import type { FunctionPath } from "./function-path.ts"
import { GatewayError } from "./gateway-error.ts"
import { type HealthPaths, healthRows } from "./health.ts"
import { LiveStatus, type RouteStatus } from "./live-status.ts"
import { offloadHandler, type RowHandler } from "./offload-handler.ts"
import { type AnyHono, rebuild } from "./rebuild.ts"
import { planRoute, type RoutePlan } from "./route-plan.ts"
import type { ServerTiming } from "./server-timing.ts"

/** What a gateway is made of. */
export interface GatewayParts {
  build: Build
  path: FunctionPath
  timeoutMs: number
  maxBodyBytes: number
  serverTiming: ServerTiming
  health: HealthPaths | false
  statusPath: string | undefined
  log: (event: GatewayEvent) => void
}

/** Which way calls go, since the gateway started. */
export interface GatewayStatus {
  app: string
  schemaHash: string
  /** Requests for offloaded routes that are being answered. */
  inFlight: number
  draining: boolean
  routes: RouteStatus[]
}

/** What a program can do with a running gateway. */
export interface GatewayHandle {
  /** What it serves. */
  readonly build: Build
  /** {@link OffloadOptions.maxBodyBytes} */
  readonly maxBodyBytes: number
  /** Which way calls went, and how many are under way. */
  status(): GatewayStatus
  /** Whether requests can be served: functions can be reached, and the gateway does not drain. */
  ready(): Promise<{ ready: boolean; reason?: string }>
  /**
   * Drains: reports not ready from now on, waits for the requests under way, and closes the connections to Faasm.
   * Requests that arrive in the meantime are served; afterwards they are answered with 503.
   *
   * @param graceMs - longest wait for requests under way, in ms; longer ones are not waited for. Default 10,000.
   */
  close(graceMs?: number): Promise<void>
}

/** A gateway: an app whose routes run on Faasm. */
export class Gateway implements GatewayHandle {
  readonly #parts: GatewayParts
  readonly #live: LiveStatus
  readonly #plans = new Map<number, RoutePlan>()
  #inFlight = 0
  #state: "open" | "draining" | "closed" = "open"
  #closing: Promise<void> | undefined
  #idle: (() => void) | undefined

  /** @throws {@link GatewayError} with code `build_unreadable`. */
  constructor(parts: GatewayParts) {
    this.#parts = parts
    const { manifest, messagesOf } = parts.build
    this.#live = new LiveStatus(manifest)
    for (const route of manifest.routes) {
      if (route.function === null) continue
      const { user, schemaHash } = manifest
      const plan = planRoute(
        route,
        route.function,
        { user, schemaHash, timeoutMs: parts.timeoutMs },
        messagesOf(route),
      )
      this.#plans.set(route.index, plan)
    }
  }

  /**
   * Makes the app that serves: the given one, with the handlers of offloaded routes replaced.
   *
   * @throws {@link GatewayError} with code `build_stale` when the app's routes are not those of the build.
   */
  serve<App extends AnyHono>(app: App): App {
    this.#checkRows(app.routes)
    const { health, statusPath } = this.#parts
    const first = health ? healthRows(health, app.routes, () => this.ready()) : []
    if (statusPath !== undefined) {
      first.push({ method: "GET", path: statusPath, handler: async (c) => c.json(this.status()) })
    }
    const shared = {
      path: this.#parts.path,
      maxBodyBytes: this.#parts.maxBodyBytes,
      serverTiming: this.#parts.serverTiming,
      onCall: (plan: RoutePlan, event: CallEvent) => {
        this.#live.count(plan.route, event)
        this.#parts.log(event)
      },
    }
    return rebuild(app, first, (row, index) => {
      const plan = this.#plans.get(index)
      if (!plan) return row.handler
      return this.#tracked(offloadHandler(plan, row.handler as RowHandler, shared)) as RouterRoute["handler"]
    }) as unknown as App
  }

  get build(): Build {
    return this.#parts.build
  }

  get maxBodyBytes(): number {
    return this.#parts.maxBodyBytes
  }

  status(): GatewayStatus {
    const { app, schemaHash } = this.#parts.build.manifest
    const draining = this.#state !== "open"
    return { app, schemaHash, inFlight: this.#inFlight, draining, routes: this.#live.routes() }
  }

  async ready(): Promise<{ ready: boolean; reason?: string }> {
    if (this.#state !== "open") return { ready: false, reason: "draining" }
    return (await this.#parts.path.ready())
      ? { ready: true }
      : { ready: false, reason: "functions can't be reached" }
  }

  close(graceMs = 10_000): Promise<void> {
    this.#closing ??= this.#drain(graceMs)
    return this.#closing
  }

  async #drain(graceMs: number): Promise<void> {
    this.#state = "draining"
    if (this.#inFlight > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, graceMs)
        this.#idle = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    this.#state = "closed"
    const closed = this.#parts.path.close()
    // The connections wait for their calls; those that outlived the grace are left to their timeouts.
    if (this.#inFlight === 0) await closed
    else void closed
  }

  /** Counts the requests under way, and refuses them once closed. */
  #tracked(handler: RowHandler): RowHandler {
    return async (c, ...[next]) => {
      if (this.#state === "closed") {
        const failure = drainingFailure()
        return c.json(failure.toBody(), failure.status as 503)
      }
      this.#inFlight += 1
      try {
        return await handler(c, next!)
      } finally {
        this.#inFlight -= 1
        if (this.#inFlight === 0) this.#idle?.()
      }
    }
  }

  #checkRows(rows: readonly RouterRoute[]): void {
    for (const { index, method, path, source } of this.#parts.build.manifest.routes) {
      const row = rows[index]
      if (row?.method === method && row.path === path) continue
      const found = row ? `${row.method} ${row.path}` : "nothing"
      throw new GatewayError(
        "build_stale",
        `the app's row ${index} is ${found}, but ${method} ${path} (${source}) in the build's ${MANIFEST_FILE}; ` +
          "the app has changed since: run `hono-faasm build` and deploy again",
      )
    }
  }
}
