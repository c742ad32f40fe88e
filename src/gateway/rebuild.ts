import type { Handler } from "hono"
import { Hono } from "hono"
import type { RouterRoute } from "hono/types"

// biome-ignore lint/suspicious/noExplicitAny: any app will do
export type AnyHono = Hono<any, any, any>

/**
 * Makes an app of the same rows with some of their handlers replaced. The given app is not changed.
 *
 * Writing to `app.routes` would do nothing, since the router has its own copy; so this is a new app. It keeps
 * the path option (`strict`, `getPath`), the kind of router, onError and notFound.
 *
 * @param first - rows that go before those of the app
 * @param replace - the handler for a row of `app.routes`
 */
export function rebuild(
  app: AnyHono,
  first: readonly Pick<RouterRoute, "method" | "path" | "handler">[],
  replace: (row: RouterRoute, index: number) => RouterRoute["handler"],
): Hono {
  // notFound is private, but a clone carries it; and Hono clones itself for a base path.
  const copy: Hono = baseMethod(app, "basePath").call(app, "/") as Hono
  copy.router = freshRouter(app)
  copy.routes = []
  ;(copy as unknown as { _basePath: string })._basePath = "/"
  for (const row of first) copy.on(row.method, row.path, row.handler as Handler)
  for (const [index, row] of app.routes.entries()) {
    copy.on(row.method, row.path, replace(row, index) as Handler)
    // The base path of a mounted app's row, which `basePath()` of hono/route tells.
    copy.routes.at(-1)!.basePath = row.basePath
  }
  return copy
}

/** The method of Hono itself: subclasses have their own that do more than clone. */
function baseMethod(app: AnyHono, name: "basePath"): AnyHono["basePath"] {
  let method = app[name]
  for (let proto = Object.getPrototypeOf(app); proto; proto = Object.getPrototypeOf(proto)) {
    if (Object.hasOwn(proto, name)) method = proto[name]
  }
  return method
}

function freshRouter(app: AnyHono): Hono["router"] {
  const { router } = app
  // A SmartRouter picks one of several routers, and Hono's own choice of them is the most capable.
  if (router.name.startsWith("SmartRouter")) return new Hono().router
  return new (router.constructor as new () => Hono["router"])()
}
