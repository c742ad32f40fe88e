import type { Context } from "hono"
import type { RouterRoute } from "hono/types"

/** Paths of the routes that a supervisor asks. */
export interface HealthPaths {
  /** Answers 200 as long as the process serves. Default `/healthz`. */
  live?: string
  /** Answers 200 when requests can be served, else 503: functions can't be reached, or the gateway drains. Default `/readyz`. */
  ready?: string
}

/** The rows of the health routes; an app's own route of the same path wins. */
export function healthRows(
  paths: HealthPaths,
  own: readonly RouterRoute[],
  ready: () => Promise<{ ready: boolean; reason?: string }>,
): Pick<RouterRoute, "method" | "path" | "handler">[] {
  const rows = [
    {
      method: "GET",
      path: paths.live ?? "/healthz",
      handler: async (c: Context) => c.json({ status: "ok" }),
    },
    {
      method: "GET",
      path: paths.ready ?? "/readyz",
      handler: async (c: Context) => {
        const state = await ready()
        return c.json(
          { status: state.ready ? "ok" : "unavailable", reason: state.reason },
          state.ready ? 200 : 503,
        )
      },
    },
  ]
  return rows.filter(({ path }) => !own.some((row) => row.path === path))
}
