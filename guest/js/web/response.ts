import { type HeaderMode, SET } from "../contract.ts"
import { Body, type BodyInit, extractBody, type JsonValue } from "./body.ts"
import { Headers, type HeadersInit } from "./headers.ts"

/** What `new Response()` takes. */
export interface ResponseInit {
  status?: number
  statusText?: string
  headers?: HeadersInit
}

/** Where a response comes from. */
export type Origin = typeof PLAIN | typeof CONTEXT | typeof CONTEXT_NOT_FOUND
export const PLAIN = 0
export const CONTEXT = 1
/** It stands for that of the app's notFound, which runs in the gateway. */
export const CONTEXT_NOT_FOUND = 2

export const JSON_TYPE = "application/json"

const nullBodyStatuses = [101, 103, 204, 205, 304]

/** Made before the snapshot, since making one takes longer than using it. */
let spare: Response | undefined

/** Makes the response that the next request can have. */
export function prepareResponse(): void {
  spare = new Response()
}

/** The web's Response. Headers of responses that only have a content type are made when someone looks. */
export class Response extends Body {
  /** 0 when it was left to the default. */
  #givenStatus = 0
  #statusText = ""
  #headers: Headers | undefined
  /** The content type as long as there are no headers. */
  #type: string | undefined
  #origin: Origin = PLAIN

  constructor(body?: BodyInit | JsonValue, init?: ResponseInit) {
    super()
    if (init !== undefined && init !== null) {
      if (init.status !== undefined) this.#givenStatus = toStatus(init.status)
      if (init.statusText !== undefined) this.#statusText = String(init.statusText)
      if (init.headers !== undefined) this.#headers = new Headers(init.headers)
    }
    if (body === undefined || body === null) return
    if (nullBodyStatuses.includes(this.status)) {
      throw new TypeError(`Response constructor: Invalid response status code ${this.status}`)
    }
    const { source, type } = extractBody(body)
    Body.give(this, source)
    if (type !== null && !this.headers.has("content-type")) this.headers.append("content-type", type)
  }

  /** The short way of Hono's context, for a status that may have a body and no headers but a content type. */
  static ofContext(source: string | JsonValue, status: number | undefined, type: string): Response {
    const response = spare ?? new Response()
    spare = undefined
    Body.give(response, source)
    if (status !== undefined) response.#givenStatus = status
    response.#type = type
    response.#origin = CONTEXT
    return response
  }

  /** Whether {@link Response.ofContext} takes it. */
  static mayHaveBody(status: unknown): boolean {
    return (
      typeof status === "number" &&
      status >= 200 &&
      status <= 599 &&
      !nullBodyStatuses.includes(Math.trunc(status))
    )
  }

  /** Says where a response comes from: headers that middleware prepared apply to those of Hono's context. */
  static mark(response: Response, origin: Origin): Response {
    response.#origin = origin
    return response
  }

  static originOf(response: Response): Origin {
    return response.#origin
  }

  /** The status, or 0 when it was left to the default. */
  static givenStatus(response: Response): number {
    return response.#givenStatus
  }

  /**
   * Adds what the gateway has to do to headers, and tells whether there is a content type.
   *
   * @param json - see {@link Headers.addChanges}
   */
  static addChanges(response: Response, into: (string | HeaderMode)[], json: boolean): boolean {
    if (response.#headers) return Headers.addChanges(response.#headers, into, json)
    const type = response.#type
    if (type === undefined) return false
    if (!json || type !== JSON_TYPE) into.push("content-type", type, SET)
    return true
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
    Object.defineProperties(response, { status: { value: 0 }, type: { value: "error" } })
    return response
  }

  get status(): number {
    return this.#givenStatus || 200
  }

  get statusText(): string {
    return this.#statusText
  }

  get headers(): Headers {
    this.#headers ??= new Headers(this.#type === undefined ? undefined : { "content-type": this.#type })
    return this.#headers
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300
  }

  get type(): string {
    return "default"
  }

  get url(): string {
    return ""
  }

  get redirected(): boolean {
    return false
  }

  clone(): Response {
    const copy = new Response(null, { statusText: this.#statusText, headers: this.headers })
    copy.#givenStatus = this.#givenStatus
    copy.#origin = this.#origin
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
