import type { ManifestRoute } from "../manifest.ts"
import type { AppSchema, SchemaRoute } from "../schema/index.ts"
import { analyseHandler, type HandlerFacts } from "../schema/offloadable.ts"
import type { AppRouteRow } from "./app-routes.ts"
import { BuildError } from "./build-error.ts"
import { matchRoutes } from "./match-routes.ts"

/** What {@link planRoutes} heeds. */
export interface PlanOptions {
  overrides?: Record<string, "local" | "offload">
  onProgress?: (message: string) => void
}

/**
 * Decides for each route of the app where it runs: in a function, unless `local` says why not. Routes are in the
 * order of `rows`; `function` is not set yet.
 *
 * @throws {@link BuildError} `unknown_route`
 */
export function planRoutes(
  schema: AppSchema,
  rows: readonly AppRouteRow[],
  options: PlanOptions,
): ManifestRoute[] {
  const overrides = options.overrides ?? {}
  const { byRow, missing, unknown } = matchRoutes(schema.routes, rows)
  for (const { method, path, source } of missing) {
    options.onProgress?.(
      `${method} ${path} (${source.file}:${source.line}) is not among the running app's routes`,
    )
  }
  const routes = [
    ...[...byRow].map(([index, route]) => knownRoute(index, route, schema, overrides)),
    ...unknown.map((index) => unknownRoute(index, rows[index]!)),
  ].sort((a, b) => a.index - b.index)
  refuseUnknown(overrides, routes)
  return routes
}

function knownRoute(
  index: number,
  route: SchemaRoute,
  { program }: AppSchema,
  overrides: Record<string, "local" | "offload">,
): ManifestRoute {
  const { method, path, rpc, request, response, validated, source } = route
  const facts = analyseHandler(program, route.handler)
  const override = overrides[`${method} ${path}`]
  const found = facts.local && reasonOf(facts.local)
  const local =
    override === "local" ? "kept local by an override" : override === "offload" ? undefined : found
  return {
    index,
    method,
    path,
    rpc,
    request,
    response,
    function: null,
    ...(local === undefined ? {} : { local }),
    needs: facts.needs,
    validated,
    source: `${source.file}:${source.line}`,
  }
}

function reasonOf({ reason, source }: NonNullable<HandlerFacts["local"]>): string {
  return reason.includes(source) ? reason : `${reason} (${source})`
}

/** A route that is registered in a way that the source does not show, such as in a loop. */
function unknownRoute(index: number, { method, path }: AppRouteRow): ManifestRoute {
  return {
    index,
    method,
    path,
    rpc: "",
    request: "",
    response: "",
    function: null,
    local: "its registration can't be found in the source, so its types are not known",
    needs: { headers: true, body: true, url: true, variables: true },
    validated: [],
    source: "",
  }
}

function refuseUnknown(overrides: Record<string, unknown>, routes: readonly ManifestRoute[]): void {
  for (const key of Object.keys(overrides)) {
    if (routes.some(({ method, path }) => `${method} ${path}` === key)) continue
    const known = routes.map(({ method, path }) => `${method} ${path}`).join(", ")
    throw new BuildError(
      "unknown_route",
      `an override names "${key}", which is no route of the app; there are: ${known}`,
    )
  }
}
