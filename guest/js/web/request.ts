import type { Invocation } from "../contract.ts"
import { notSent } from "../unavailable.ts"
import { Body, type BodyInit, extractBody } from "./body.ts"
import { AbortSignal } from "./events.ts"
import { Headers, type HeadersInit } from "./headers.ts"
import { URL } from "./url.ts"

/** What `new Request()` takes. */
export interface RequestInit {
  method?: string
  headers?: HeadersInit
  body?: BodyInit
  signal?: AbortSignal | null
}

/** The web's Request. */
export class Request extends Body {
  #method: string
  #url: string | undefined
  #headers: Headers | undefined
  #pairs: string[] | undefined
  #signal: AbortSignal | undefined

  readonly cache = "default"
  readonly credentials = "same-origin"
  readonly destination = ""
  readonly integrity = ""
  readonly keepalive = false
  readonly mode = "cors"
  readonly redirect = "follow"
  readonly referrer = "about:client"
  readonly referrerPolicy = ""
  readonly duplex = "half"

  constructor(input: string | URL | Request, init?: RequestInit) {
    super()
    const from = input instanceof Request ? input : undefined
    this.#method = toMethod(init?.method ?? from?.method ?? "GET")
    this.#url = from ? from.url : new URL(String(input)).href
    this.#headers = new Headers(init?.headers ?? from?.headers)
    this.#signal = init?.signal ?? from?.signal
    const body = init?.body ?? undefined
    if (body === undefined) {
      if (from) this.#takeOver(from)
      return
    }
    if (this.#method === "GET" || this.#method === "HEAD") {
      throw new TypeError("Request with GET/HEAD method cannot have body.")
    }
    const { source, type } = extractBody(body)
    Body.give(this, source)
    if (type !== null && !this.#headers.has("content-type")) this.#headers.append("content-type", type)
  }

  #takeOver(from: Request): void {
    const source = Body.takeUnread(from)
    if (source === undefined)
      throw new TypeError("Cannot construct a Request with a Request whose body has been read.")
    Body.give(this, source)
  }

  /** A request that {@link Request.fill} gives its parts. */
  static blank(): Request {
    const request = new Request("http://localhost/")
    request.#headers = undefined
    return request
  }

  /** Makes a blank request the one of an invocation. */
  static fill(request: Request, inv: Invocation): void {
    request.#method = inv.method
    request.#url = inv.url
    request.#pairs = inv.headers
    if (inv.body !== undefined) Body.give(request, inv.body)
  }

  get method(): string {
    return this.#method
  }

  get url(): string {
    return this.#url ?? notSent("the URL")
  }

  get headers(): Headers {
    this.#headers ??= Headers.ofRequest(this.#pairs ?? [])
    return this.#headers
  }

  get signal(): AbortSignal {
    this.#signal ??= new AbortSignal()
    return this.#signal
  }

  clone(): Request {
    const copy = new Request(this.url, { method: this.method, headers: this.headers, signal: this.signal })
    Body.give(copy, Body.share(this))
    return copy
  }

  get [Symbol.toStringTag](): string {
    return "Request"
  }
}

function toMethod(method: string): string {
  const upper = method.toUpperCase()
  return ["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"].includes(upper) ? upper : method
}
