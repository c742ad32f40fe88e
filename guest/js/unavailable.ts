/** A handler used what a function does not have. */
export class UnavailableError extends Error {
  override readonly name = "UnavailableError"
}

/** `POST /orders`, for messages. */
let currentRoute: string | undefined

/** Says which route's handler runs; undefined while the app is being loaded. */
export function enterRoute(route: string | undefined): void {
  currentRoute = route
}

/** Whether a request is being handled, not the app loaded. */
function inRequest(): boolean {
  return currentRoute !== undefined
}

/** The error for something that functions do not have, with the way out. */
export function unavailable(what: string): UnavailableError {
  const route = currentRoute === undefined ? "the route that needs it" : `"${currentRoute}"`
  return new UnavailableError(
    `${what} is not available in a Faasm function; keep ${route} in the gateway (hono-faasm build --local ${route})`,
  )
}

/**
 * For a part of the request that the gateway did not send, because the build found that the handler does not
 * read it.
 */
export function notSent(what: string): never {
  throw unavailable(`${what} of the request, which the build took for unread,`)
}

/**
 * What stands for a module or an API that functions do not have. While the app is being loaded it lets
 * everything be done with it, because code of routes that stay local may be among what is loaded; once a
 * request is being handled, any use throws.
 */
export function stub(what: string): unknown {
  const use = (part: string): unknown => {
    if (inRequest()) throw unavailable(part)
    return stub(part)
  }
  // A function that can be called, constructed and extended.
  return new Proxy(class {}, {
    get(target, key) {
      // The asking whether it is a promise or an ES module must find nothing.
      if (key === "then" || key === "__esModule") return undefined
      if (key === Symbol.toPrimitive) return () => (inRequest() ? use(what) : "")
      if (key === Symbol.iterator) return inRequest() ? use(what) : function* () {}
      if (key === "prototype") return target.prototype
      return typeof key === "symbol" ? undefined : use(`${what}.${key}`)
    },
    apply: () => use(what),
    construct: () => use(what) as object,
    set: () => !inRequest() || Boolean(use(what)),
  })
}

/** A context variable whose value could not leave the gateway. */
export class Unavailable {
  readonly name: string
  readonly type: string

  constructor(name: string, type: string) {
    this.name = name
    this.type = type
  }

  /** Throws, because someone wants to read it. */
  refuse(): never {
    throw unavailable(`the context variable "${this.name}" (${this.type}), which can't leave the gateway,`)
  }
}

const missing =
  /^'?(Intl|process|Buffer|WebSocket|TransformStream|WritableStream|require|__dirname|__filename|navigator)'? is not defined$/

/** Says more in a ReferenceError for a global that functions do not have. */
export function explain(error: Error): void {
  const name = error instanceof ReferenceError ? missing.exec(error.message)?.[1] : undefined
  if (name !== undefined) error.message = unavailable(name).message
}
