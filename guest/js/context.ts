import type { Context } from "hono"
import { HonoBase } from "hono/hono-base"
import { getPath } from "hono/utils/url"
import type { AnyApp, AppRoute } from "./app.ts"
import type { Invocation } from "./contract.ts"
import { Unavailable } from "./unavailable.ts"
import { type BodyInit, JsonValue } from "./web/body.ts"
import { Request } from "./web/request.ts"
import { CONTEXT, CONTEXT_NOT_FOUND, JSON_TYPE, Response, type ResponseInit } from "./web/response.ts"

/** A context of Hono's own, ready to become the one of a request. */
export interface ReadyContext {
  context: Context
  /** Gives it the request. */
  enter(inv: Invocation, route: AppRoute): void
  /** What the handler set with `c.set`: name and value in turn. */
  variables(): unknown[] | undefined
}

const TEXT_TYPE = "text/plain; charset=UTF-8"

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
  const matched = new Matched(app)
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
  Object.defineProperty(request, "path", { get: () => pathOf(app, raw) })
  return {
    context,
    enter(inv, route) {
      Request.fill(raw, inv)
      matched.route = route
      input = inv.input
      if (inv.params) params = named(route.paramNames, inv.params)
      else if (input?.param) params = input.param as Record<string, string>
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
    Response.mark(response as unknown as Response, CONTEXT_NOT_FOUND)
    return response
  })
  const capture = (c: Context) => {
    made = c
    return new Response()
  }
  matched.entries[0] = [[capture, undefined], {}]
  maker.fetch(raw as never, {})
  matched.watch(made as unknown as Context)
  return made as unknown as Context
}

/**
 * The routes that match the request, for Hono's route helpers. Only the handler's own is known without
 * matching again, which is done when someone asks.
 */
class Matched {
  readonly entries: unknown[] = []
  route: AppRoute | undefined
  readonly #app: AnyApp

  constructor(app: AnyApp) {
    this.#app = app
  }

  /** Matches when the entries are gone through. */
  watch({ req }: Context): void {
    const map = (callback: (entry: unknown) => unknown) => {
      const { row } = this.route!
      const found = this.#app.router.match(req.method, req.path)[0] as [[unknown, unknown], unknown][]
      const index = found.findIndex(([[, other]]) => other === row)
      if (index === -1) return [callback([[row.handler, row], {}])]
      req.routeIndex = index
      return Array.from(found, callback)
    }
    Object.defineProperty(this.entries, "map", { value: map })
  }
}

function pathOf(app: AnyApp, raw: Request): string {
  const { url } = raw
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
  const { newResponse, html, json, header, status } = context as unknown as {
    newResponse: Responder<BodyInit | JsonValue>
    html: (html: unknown, arg?: ResponseArg, headers?: ResponseHeaders) => Response | Promise<Response>
    json: Responder<unknown>
    header: Context["header"]
    status: Context["status"]
  }
  // Whether anything was prepared that a response has to take over.
  let prepared = false
  const made = (response: Response) => Response.mark(response, CONTEXT)
  const respond: Responder<BodyInit> = (data, arg, headers) => made(newResponse(data, arg, headers))
  const isSimple = (
    arg: ResponseArg | undefined,
    headers: ResponseHeaders | undefined,
  ): arg is number | undefined =>
    headers === undefined && !prepared && (arg === undefined || Response.mayHaveBody(arg))
  Object.assign(context, {
    newResponse: respond,
    body: respond,
    // Hono leaves the content type to Response when nothing else was said; the gateway knows whether it was.
    text: (text: string, arg?: ResponseArg, headers?: ResponseHeaders) =>
      isSimple(arg, headers) && typeof text === "string"
        ? Response.ofContext(text, arg, TEXT_TYPE)
        : respond(text, arg, { "Content-Type": TEXT_TYPE, ...headers }),
    json: (value: unknown, arg?: ResponseArg, headers?: ResponseHeaders) => {
      // What has no JSON text has no body.
      if (eager || value === undefined || typeof value === "function" || typeof value === "symbol") {
        return made(json(value, arg, headers))
      }
      const source = new JsonValue(value)
      if (isSimple(arg, headers)) return Response.ofContext(source, arg, JSON_TYPE)
      return made(newResponse(source, arg, { "Content-Type": JSON_TYPE, ...headers }))
    },
    html: (text: unknown, arg?: ResponseArg, headers?: ResponseHeaders) => {
      const response = html(text, arg, headers)
      return response instanceof Promise ? response.then(made) : made(response)
    },
    header: (name: string, value?: string, options?: { append?: boolean }) => {
      prepared = true
      header(name as never, value as never, options)
    },
    status: (code: number) => {
      prepared = true
      status(code as never)
    },
  })
  const { get, set } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(context), "res")!
  Object.defineProperty(context, "res", {
    get: () => {
      prepared = true
      return get!.call(context)
    },
    set: (response) => {
      prepared = true
      set!.call(context, response)
      // Hono makes another one when there was one before.
      const kept = get!.call(context)
      if (response && kept !== response) Response.mark(kept, Response.originOf(response))
    },
  })
}
