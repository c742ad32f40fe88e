import type { Context, Next } from "hono"

/** A row of `app.routes`. */
export interface AppRow {
  method: string
  path: string
  handler(c: Context, next: Next): unknown
}

/** What this side uses of the user's Hono app. */
export interface AnyApp {
  routes: AppRow[]
  router: { match(method: string, path: string): [unknown[], ...unknown[]] }
  errorHandler(error: Error, c: Context): unknown
  getPath(request: unknown, options: { env: unknown }): string
}

/** A row with what is worked out of it once. */
export interface AppRoute {
  row: AppRow
  /** `POST /orders/:shop`. */
  name: string
  /** Parameters of the pattern, in order. */
  paramNames: string[]
}

/** Works out what requests for a row need. */
export function toRoute(row: AppRow): AppRoute {
  const withoutPatterns = row.path.replace(/\{[^}]+\}/g, "")
  return {
    row,
    name: `${row.method} ${row.path}`,
    paramNames: Array.from(withoutPatterns.matchAll(/\/:([^/?]+)/g), (match) => match[1]!),
  }
}
