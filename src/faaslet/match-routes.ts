import type { AppRouteRow } from "./app-routes.ts"

/** Of a route of the schema, what tells its row in `app.routes`. */
export interface RouteIdentity {
  method: string
  path: string
  /** Which one it is of the rows with that method and path. */
  occurrence: number
  /** How many rows with that method and path the schema knows of. */
  rowCount: number
}

/** How the routes of the schema and the rows of the app belong together. */
export interface MatchedRoutes<T> {
  /** Routes of the schema by row. */
  byRow: Map<number, T>
  /** Routes of the schema that the running app does not have. */
  missing: T[]
  /** Rows that look like a route's handler, but that the schema does not know: they were not registered by a plain call. */
  unknown: number[]
}

/** Finds each route's row. */
export function matchRoutes<T extends RouteIdentity>(
  routes: readonly T[],
  rows: readonly AppRouteRow[],
): MatchedRoutes<T> {
  const rowsOf = new Map<string, number[]>()
  for (const [index, { method, path }] of rows.entries()) {
    const key = `${method} ${path}`
    const same = rowsOf.get(key)
    if (same) same.push(index)
    else rowsOf.set(key, [index])
  }
  const byRow = new Map<number, T>()
  const missing: T[] = []
  const known = new Set<string>()
  const unknown = new Set<number>()
  for (const route of routes) {
    const key = `${route.method} ${route.path}`
    const same = rowsOf.get(key)
    const row = same?.[route.occurrence]
    if (row === undefined) missing.push(route)
    else if (same!.length !== route.rowCount) {
      // Some registration was not seen, so which row is this one's can't be told.
      unknown.add(same!.at(-1)!)
    } else byRow.set(row, route)
    known.add(key)
  }
  // The last row of a method and path answers; those for every method are mostly middleware.
  for (const [key, indices] of rowsOf) {
    if (!known.has(key) && !key.startsWith("ALL ")) unknown.add(indices.at(-1)!)
  }
  return { byRow, missing, unknown: [...unknown] }
}
