import type { Context, HonoRequest } from "hono"
import { HonoBase } from "hono/hono-base"
import { getPath } from "hono/utils/url"
import type { AnyApp, AppRoute } from "./app.ts"
import type { Invocation } from "./contract.ts"
import { Unavailable } from "./unavailable.ts"
import { type BodyInit, JsonValue } from "./web/body.ts"
import { Request } from "./web/request.ts"
import { Response, type ResponseInit } from "./web/response.ts"

/** A context of Hono's own, ready to become the one of a request. */
export interface ReadyContext {
  context: Context
  /** Gives it the request. */
  enter(inv: Invocation, route: AppRoute): void
  /** What the handler set with `c.set`: name and value in turn. */
  variables(): unknown[] | undefined
}

/** The response that `c.notFound()` gives: the gateway's notFound makes the real one. */
const notFounds = new WeakSet<Response>()

/** Whether a response stands for the app's notFound. */
export const isNotFound = (response: Response): boolean => notFounds.has(response)

type ResponseArg = number | ResponseInit
type ResponseHeaders = Record<string, string | string[]>
type Responder<T> = (value: T, arg?: ResponseArg, headers?: ResponseHeaders) => Response

/**
 * Makes a context. Doing so takes an interpreter longer than most handlers run, so one is made before the
 * snapshot; it is Hono's own, with its methods wrapped only to remember what a reply has to say.
 *
 * @param eager - make JSON text at once, as Hono does, instead of leaving the value to the protobuf codec
 */
export function makeContext(app: AnyApp, eager = false): ReadyContext {
  const raw = Request.blank()
  const matched = new Matched()
  const context = newHonoContext(raw, matched)
  const changed = wrapVariables(context)
  wrapResponders(context, eager)
  let params: Record<string, string | undefined> = {}
  let input: Record<string, unknown> | undefined
  const request = context.req
  // Path parameters come decoded, and validated inputs come from the request message.
  Object.assign(request, {
    param: (name?: string) => (name ? params[name] : definedOf(params)),
    valid: (target: string) => input?.[target],
  })
  return {
    context,
    enter(inv, route) {
      Request.fill(raw, inv)
      input = inv.input
      if (inv.params) params = named(route.paramNames, inv.params)
      else if (input?.param) params = input.param as Record<string, string>
      if (inv.url !== undefined) request.path = pathOf(app, raw, inv.url)
      matched.enter(app, request, route)
      const { variables } = inv
      if (!variables) return
      for (let i = 0; i < variables.length; i += 2)
        changed.setSilently(variables[i] as string, variables[i + 1])
    },
    variables: changed.list,
  }
}

/** Hono exports no constructor for its context, but gives one to every handler. */
function newHonoContext(raw: Request, matched: Matched): Context {
  let made: Context | undefined
  const router = { name: "FaasletRouter", add: () => {}, match: () => [matched.entries] }
  const maker = new HonoBase({ router: router as never })
  maker.notFound((c) => {
    // With the headers that the handler has set so far.
    const response = c.newResponse(null, 404)
    notFounds.add(response as unknown as Response)
    return response
  })
  matched.entries[0] = [
    [
      (c: Context) => {
        made = c
        return new Response()
      },
      undefined,
    ],
    {},
  ]
  maker.fetch(raw as never, {})
  return made as unknown as Context
}

/**
 * The routes that match the request, for Hono's route helpers. Only the handler's own is known without
 * matching again, which is done when someone asks.
 */
class Matched {
  readonly entries: unknown[] = []

  enter(app: AnyApp, request: HonoRequest, route: AppRoute): void {
    const { row } = route
    this.entries[0] = [[row.handler, row], {}]
    Object.defineProperty(this.entries, "map", {
      value: (callback: (entry: unknown) => unknown) => {
        const found = app.router.match(request.method, request.path)[0] as [[unknown, unknown], unknown][]
        const index = found.findIndex(([[, other]]) => other === row)
        if (index === -1) return [callback(this.entries[0])]
        request.routeIndex = index
        return Array.from(found, callback)
      },
    })
  }
}

function pathOf(app: AnyApp, raw: Request, url: string): string {
  // As Hono's own getPath where that has nothing to decode.
  if (app.getPath === getPath && !url.includes("%") && !url.includes("#")) {
    const start = url.indexOf("/", url.indexOf(":") + 4)
    const end = url.indexOf("?", start)
    return end === -1 ? url.slice(start) : url.slice(start, end)
  }
  return app.getPath(raw as never, { env: {} })
}

function named(names: string[], values: (string | undefined)[]): Record<string, string | undefined> {
  const params: Record<string, string | undefined> = {}
  for (let i = 0; i < names.length; i++) params[names[i]!] = values[i]
  return params
}

function definedOf(params: Record<string, string | undefined>): Record<string, string> {
  const defined: Record<string, string> = {}
  for (const name in params) if (params[name] !== undefined) defined[name] = params[name]
  return defined
}

function wrapVariables(context: Context) {
  const { get, set } = context as unknown as {
    get(name: string): unknown
    set(name: string, value: unknown): void
  }
  let changed: Set<string> | undefined
  const read = (name: string) => {
    const value = get(name)
    return value instanceof Unavailable ? value.refuse() : value
  }
  const readAll = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(context), "var")!.get!
  Object.assign(context, {
    get: read,
    set: (name: string, value: unknown) => {
      changed ??= new Set()
      changed.add(name)
      set(name, value)
    },
  })
  Object.defineProperty(context, "var", {
    get() {
      const all = readAll.call(context) as Record<string, unknown>
      for (const name in all) {
        if (all[name] instanceof Unavailable)
          Object.defineProperty(all, name, { get: () => read(name), enumerable: true })
      }
      return all
    },
  })
  return {
    setSilently: set,
    list: () => (changed ? [...changed].flatMap((name) => [name, get(name)]) : undefined),
  }
}

function wrapResponders(context: Context, eager: boolean): void {
  const { newResponse, html, json } = context as unknown as {
    newResponse: Responder<BodyInit | JsonValue>
    html: (html: unknown, arg?: ResponseArg, headers?: ResponseHeaders) => Response | Promise<Response>
    json: Responder<unknown>
  }
  const made = Response.markMade
  const respond: Responder<BodyInit> = (data, arg, headers) => made(newResponse(data, arg, headers))
  Object.assign(context, {
    newResponse: respond,
    body: respond,
    // Hono leaves the content type to Response when nothing else was said; the gateway knows whether it was.
    text: (text: string, arg?: ResponseArg, headers?: ResponseHeaders) =>
      respond(text, arg, { "Content-Type": "text/plain; charset=UTF-8", ...headers }),
    json: (value: unknown, arg?: ResponseArg, headers?: ResponseHeaders) => {
      // What has no JSON text has no body.
      if (eager || value === undefined || typeof value === "function" || typeof value === "symbol") {
        return made(json(value, arg, headers))
      }
      return made(newResponse(new JsonValue(value), arg, { "Content-Type": "application/json", ...headers }))
    },
    html: (text: unknown, arg?: ResponseArg, headers?: ResponseHeaders) => {
      const response = html(text, arg, headers)
      return response instanceof Promise ? response.then(made) : made(response)
    },
  })
}
