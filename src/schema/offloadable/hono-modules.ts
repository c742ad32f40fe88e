/**
 * What Hono's own helpers need, by module and export. Hono's code is known, so that it need not be
 * analysed: much of it serves servers and streams that a handler never touches.
 *
 * @module
 */
import type { RouteNeeds } from "../../manifest.ts"

/** What using a helper means for a handler. */
export interface HelperFacts {
  /** Why a handler that uses it can't run in a function. */
  local?: string
  /** What it reads of the context that is passed to it. */
  needs?: Partial<RouteNeeds>
}

const fine: HelperFacts = {}
const headers: HelperFacts = { needs: { headers: true } }
const url: HelperFacts = { needs: { url: true } }
const subtle: HelperFacts = { local: "needs `crypto.subtle`, which a function does not have" }
const network: HelperFacts = { local: "needs `fetch`: a function has no network" }
const streams: HelperFacts = { local: "answers with a stream; a function answers in one piece" }
const gateway: HelperFacts = { local: "needs what only the gateway's process has" }
const environment: HelperFacts = { local: "reads the environment (`c.env`), which only the gateway has" }

/** By module; `*` stands for every export that is not named. */
const modules: Readonly<Record<string, Readonly<Record<string, HelperFacts>>>> = {
  hono: { "*": fine },
  "hono/tiny": { "*": fine },
  "hono/quick": { "*": fine },
  "hono/accepts": { "*": headers },
  "hono/adapter": { "*": environment },
  "hono/client": { "*": network },
  "hono/conninfo": { "*": gateway },
  "hono/context-storage": { "*": gateway },
  "hono/cookie": {
    getCookie: headers,
    deleteCookie: headers,
    setCookie: fine,
    generateCookie: fine,
    "*": subtle,
  },
  "hono/css": { "*": fine },
  "hono/dev": { "*": gateway },
  "hono/factory": { "*": fine },
  "hono/html": { "*": fine },
  "hono/http-exception": { "*": fine },
  "hono/jsx": { Suspense: streams, "*": fine },
  "hono/jsx/dom": { "*": gateway },
  "hono/jsx/jsx-runtime": { "*": fine },
  "hono/jsx/jsx-dev-runtime": { "*": fine },
  "hono/jsx/streaming": { "*": streams },
  "hono/jsx-renderer": { "*": gateway },
  "hono/jwt": { decode: fine, "*": subtle },
  "hono/jwk": { "*": subtle },
  "hono/proxy": { "*": network },
  "hono/route": { "*": url },
  "hono/ssg": { "*": gateway },
  "hono/streaming": { "*": streams },
  "hono/testing": { "*": gateway },
  "hono/timing": { "*": gateway },
  "hono/validator": { "*": fine },
  "hono/ws": { "*": gateway },
  "hono/utils/crypto": { "*": subtle },
}

/**
 * Facts of the export `name` of `module`, or undefined when it is none of Hono's helpers that are known.
 */
export function honoHelper(module: string, name: string): HelperFacts | undefined {
  const exports = modules[module]
  return exports && (exports[name] ?? exports["*"])
}
