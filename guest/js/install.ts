import { type AnyApp, type AppRoute, toRoute } from "./app.ts"
import { makeContext, type ReadyContext } from "./context.ts"
import { type Guest, type Invocation, type Reply, UNKNOWN_ROUTE } from "./contract.ts"
import { failed, thrownReply, toReply } from "./reply.ts"
import { dropTimers, fireNextTimer } from "./timers.ts"
import { enterRoute, explain, Unavailable } from "./unavailable.ts"
import { prepareResponse } from "./web/response.ts"

/** Puts the app's handlers where the glue finds them: `globalThis.__honoFaasm`. */
export function install(exported: unknown): void {
  const app = exported as AnyApp
  if (!Array.isArray(app?.routes) || typeof app.errorHandler !== "function") {
    throw new TypeError("the app's module has no Hono app as its default export")
  }
  const routes = app.routes.map(toRoute)
  // A function handles one request before its memory is put back, so one context is made ahead.
  let spare: ReadyContext | undefined

  const run = (inv: Invocation, ready: ReadyContext): Reply | Promise<Reply> => {
    const route = routes[inv.route]
    if (!route) return failed(UNKNOWN_ROUTE, new Error(`the app has no route ${inv.route}`))
    enterRoute(route.name)
    ready.enter(inv, route)
    return call(app, route, ready)
  }

  const guest: Guest = {
    routes: () => app.routes.map(({ method, path }) => ({ method, path })),
    invoke(inv) {
      const ready = spare ?? makeContext(app)
      spare = undefined
      return run(inv, ready)
    },
    // The error has to come out of c.json, where the handler and onError can see it.
    bodyFailed: (inv) => run(inv, makeContext(app, true)),
    unavailable: (name, type) => new Unavailable(name, type),
    warmUp() {
      spare = makeContext(app)
      prepareResponse()
      dropTimers()
    },
    idle: fireNextTimer,
  }
  Object.assign(globalThis, { __honoFaasm: guest })
}

function next(): never {
  throw new Error("next() of a route's last handler can't leave the function; keep the route local")
}

function call(app: AnyApp, { row }: AppRoute, ready: ReadyContext): Reply | Promise<Reply> {
  let result: unknown
  try {
    result = row.handler(ready.context, next)
  } catch (error) {
    return onError(app, error, ready)
  }
  if (!(result instanceof Promise)) return toReply(result, ready, undefined)
  return result.then(
    (settled) => toReply(settled, ready, undefined),
    (error) => onError(app, error, ready),
  )
}

/** As Hono: what is an Error goes to the app's onError, anything else to no one. */
function onError(app: AnyApp, error: unknown, ready: ReadyContext): Reply | Promise<Reply> {
  if (!(error instanceof Error)) return thrownReply(error)
  explain(error)
  try {
    const result = app.errorHandler(error, ready.context)
    if (!(result instanceof Promise)) return toReply(result, ready, error)
    return result.then((settled) => toReply(settled, ready, error), thrownReply)
  } catch (again) {
    return thrownReply(again)
  }
}
