import { Body, type BodyInit, type BodySource, extractBody, type JsonValue } from "./body.ts"
import { Headers, type HeadersInit } from "./headers.ts"

/** What `new Response()` takes. */
export interface ResponseInit {
  status?: number
  statusText?: string
  headers?: HeadersInit
}

const nullBodyStatuses = [101, 103, 204, 205, 304]

/** The web's Response. */
export class Response extends Body {
  readonly headers: Headers
  readonly status: number
  readonly statusText: string
  readonly type: string = "default"
  readonly url = ""
  readonly redirected = false
  /** Made by Hono's context; see {@link Response.markMade}. */
  #made = false
  /** The status was left to the default. */
  #statusIsDefault: boolean

  constructor(body?: BodyInit | JsonValue, init?: ResponseInit) {
    super()
    const status = init?.status
    this.#statusIsDefault = status === undefined
    this.status = status === undefined ? 200 : toStatus(status)
    this.statusText = init?.statusText === undefined ? "" : String(init.statusText)
    this.headers = new Headers(init?.headers)
    if (body === undefined || body === null) return
    if (nullBodyStatuses.includes(this.status)) {
      throw new TypeError(`Response constructor: Invalid response status code ${this.status}`)
    }
    const { source, type } = extractBody(body)
    Body.give(this, source)
    if (type !== null && !this.headers.has("content-type")) this.headers.append("content-type", type)
  }

  /** Marks a response as made by Hono's context, so that headers which middleware prepared apply to it. */
  static markMade(response: Response): Response {
    response.#made = true
    return response
  }

  /** What a reply needs to know beside the headers. Reads the body. */
  static open(response: Response): { made: boolean; status: number; source: BodySource } {
    const { status } = response
    return {
      made: response.#made,
      status: response.#statusIsDefault ? 0 : status,
      source: Body.take(response),
    }
  }

  static json(value: unknown, init?: ResponseInit): Response {
    const response = new Response(JSON.stringify(value), init)
    if (!new Headers(init?.headers).has("content-type"))
      response.headers.set("content-type", "application/json")
    return response
  }

  static redirect(url: string, status = 302): Response {
    if (![301, 302, 303, 307, 308].includes(status)) throw new RangeError(`Invalid status code ${status}`)
    return new Response(null, { status, headers: { location: String(url) } })
  }

  static error(): Response {
    const response = new Response()
    Object.assign(response, { status: 0, type: "error" })
    return response
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300
  }

  clone(): Response {
    const { status, statusText, headers } = this
    const copy = new Response(null, { status, statusText, headers })
    copy.#statusIsDefault = this.#statusIsDefault
    copy.#made = this.#made
    Body.give(copy, Body.share(this))
    return copy
  }

  get [Symbol.toStringTag](): string {
    return "Response"
  }
}

function toStatus(status: number): number {
  const value = Number(status)
  if (!(value >= 200 && value <= 599)) {
    throw new RangeError('init["status"] must be in the range of 200 to 599, inclusive.')
  }
  return Math.trunc(value)
}
