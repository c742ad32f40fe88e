import { openChannel, type ServerTls } from "../channel/index.ts"
import { PlannerClient } from "../planner/index.ts"
import { readBuild } from "./build.ts"
import { type GatewayEvent, logTroubles } from "./events.ts"
import { FallbackPath } from "./fallback.ts"
import type { FunctionPath } from "./function-path.ts"
import { Gateway, type GatewayHandle } from "./gateway.ts"
import { GatewayError } from "./gateway-error.ts"
import type { HealthPaths } from "./health.ts"
import type { AnyHono } from "./rebuild.ts"
import type { ServerTiming } from "./server-timing.ts"
import { SinglePath } from "./single-path.ts"

/** Options of {@link offload}. At least one of `rpc` and `planner` is needed. */
export interface OffloadOptions {
  /** Directory that `hono-faasm build` wrote. Default `.hono-faasm`. */
  build?: string
  /** Servers of the FunctionService, such as `http://127.0.0.1:8090`; calls are spread over several. */
  rpc?: string | readonly string[]
  /** The bearer token that the servers of `rpc` ask for. */
  rpcToken?: string
  /** For servers of `rpc` at `https:` addresses: whom to trust, and the gateway's own certificate. */
  rpcTls?: ServerTls
  /** The planner's HTTP endpoint: what calls take while there is no FunctionService. */
  planner?: string
  /** Longest time of a handler, waiting for a faaslet included, in ms. Default 30,000. */
  timeoutMs?: number
  /**
   * Largest request body that goes to a function, in bytes; larger ones are answered with 413 without being read.
   * What validators and other middleware read is theirs to bound. Default 8 MiB, what the runtime takes.
   */
  maxBodyBytes?: number
  /**
   * Tell clients in a `Server-Timing` header where the time went, which costs eight bytes a call on the way to the
   * function and back; `"detailed"` for every phase, which costs a few microseconds and some forty bytes. Default false.
   */
  serverTiming?: ServerTiming
  /** Paths of the health routes, or false for none. */
  health?: HealthPaths | false
  /** Path of a route that answers with {@link GatewayHandle.status}, for `hono-faasm routes --live`. Default none. */
  status?: string
  /** Called for every answered request and every change of way. By default failures and changes go to the console. */
  log?: (event: GatewayEvent) => void
}

/** An app whose routes run on Faasm. */
export type Offloaded<App> = App & { readonly gateway: GatewayHandle }

/**
 * Makes a gateway of an app: the same routes, middleware, notFound and onError, but the last handlers of
 * routes run as functions on Faasm. The given app is not changed.
 *
 * Where Faasm or the way to it fails, clients get JSON with an error code and status 502, 503 or 504; middleware
 * sees the error as `c.error`.
 *
 * @example
 * ```ts
 * import { serve } from "@hono/node-server"
 * import { offload } from "hono-faasm"
 * import app from "./app.ts"
 *
 * const offloaded = offload(app, { rpc: "http://127.0.0.1:8090", planner: "http://127.0.0.1:8080" })
 * serve({ fetch: offloaded.fetch, port: 3000 })
 * process.once("SIGTERM", () => offloaded.gateway.close())
 * ```
 *
 * @throws {@link GatewayError}
 */
export function offload<App extends AnyHono>(app: App, options: OffloadOptions): Offloaded<App> {
  const log = options.log ?? logTroubles
  const build = readBuild(options.build ?? ".hono-faasm")
  const path = pathOf(options, log)
  try {
    const gateway = new Gateway({
      build,
      path,
      timeoutMs: options.timeoutMs ?? 30_000,
      maxBodyBytes: options.maxBodyBytes ?? 8 * 1024 * 1024,
      serverTiming: options.serverTiming ?? false,
      health: options.health ?? {},
      statusPath: options.status,
      log,
    })
    return Object.assign(gateway.serve(app), { gateway })
  } catch (error) {
    void path.close()
    throw error
  }
}

/** How long calls wait for the channel to connect before they take the planner, in ms. */
const OUTAGE_MS = 200

function pathOf(options: OffloadOptions, log: (event: GatewayEvent) => void): FunctionPath {
  const servers = options.rpc === undefined ? [] : [options.rpc].flat()
  if (servers.length === 0 && options.planner === undefined) {
    throw new GatewayError(
      "bad_options",
      "offload() needs the address of a server: give it `rpc`, `planner` or both",
    )
  }
  const channel = { servers, token: options.rpcToken, tls: options.rpcTls }
  try {
    const planner = options.planner === undefined ? undefined : new PlannerClient({ url: options.planner })
    if (servers.length === 0) return new SinglePath(planner!, "json")
    if (!planner) return new SinglePath(openChannel(channel), "protobuf")
    return new FallbackPath(openChannel({ ...channel, outageMs: OUTAGE_MS }), planner, log)
  } catch (cause) {
    throw new GatewayError(
      "bad_options",
      `an address or credential can't be used: ${(cause as Error).message}`,
      {
        cause,
      },
    )
  }
}
