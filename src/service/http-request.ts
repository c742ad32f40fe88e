/**
 * An RPC as the HTTP request that it stands for.
 *
 * @module
 */
import { Code, ConnectError } from "@connectrpc/connect"
import { CodecError } from "../codec/index.ts"
import { bigintText } from "../gateway/bigint-json.ts"
import { formOf, readFormFiles } from "./form-files.ts"
import { readRawBody } from "./raw-body.ts"
import { BadParameter, fillPath } from "./route-path.ts"
import type { ServiceMethod } from "./service-method.ts"

/** Where an RPC came from. */
export interface RpcOrigin {
  /** Such as `http://127.0.0.1:3000`. */
  origin: string
  headers: Headers
  signal: AbortSignal
}

/** Headers that belong to the RPC and not to the HTTP request. */
const OWN_HEADERS = new Set([
  "accept",
  "accept-encoding",
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "expect",
  "http2-settings",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "x-grpc-web",
])

/** Sections of a request message. */
type Sections = Partial<Record<"param" | "query" | "header" | "cookie" | "form", Record<string, unknown>>> & {
  json?: unknown
  /** What the path's `*` stands for. */
  wildcard?: string
}

/**
 * Makes the HTTP request of an RPC.
 *
 * @throws ConnectError `invalid_argument` for a message that can't be read or has no such request; `resource_exhausted`
 *   for a form of too many files
 */
export function httpRequest(method: ServiceMethod, message: Uint8Array, from: RpcOrigin): Request {
  try {
    const sections = method.request.decode(message) as Sections
    const path = fillPath(method.route.path, { ...sections.param, "*": sections.wildcard })
    const url = `${from.origin}${path}${queryOf(sections.query)}`
    const headers = headersOf(from.headers, sections)
    const body = bodyOf(method, message, sections)
    // That of a form with files is the request's own to say.
    if (body?.contentType !== undefined) headers.set("content-type", body.contentType)
    else if (body) headers.delete("content-type")
    return new Request(url, {
      method: verbOf(method, body !== undefined),
      headers,
      body: body?.data,
      signal: from.signal,
    })
  } catch (cause) {
    if (cause instanceof CodecError || cause instanceof BadParameter || cause instanceof TypeError) {
      throw new ConnectError(cause.message, Code.InvalidArgument, undefined, undefined, cause)
    }
    throw cause
  }
}

/** A route for every method gets what fits the message. */
function verbOf({ route }: ServiceMethod, hasBody: boolean): string {
  if (route.method !== "ALL") return route.method
  return hasBody ? "POST" : "GET"
}

function queryOf(query: Record<string, unknown> | undefined): string {
  const text = new URLSearchParams(pairsOf(query)).toString()
  return text === "" ? "" : `?${text}`
}

/** Names and values as text, a pair for each element of a list. */
function pairsOf(values: Record<string, unknown> | undefined): [string, string][] {
  return Object.entries(values ?? {}).flatMap(([name, value]) =>
    [value]
      .flat()
      .filter((item) => item !== undefined && item !== null)
      .map((item): [string, string] => [name, textOf(item)]),
  )
}

function textOf(value: unknown): string {
  if (value instanceof Date) return value.toISOString()
  return typeof value === "object" ? JSON.stringify(value) : `${value}`
}

function headersOf(given: Headers, { header, cookie }: Sections): Headers {
  const headers = new Headers()
  given.forEach((value, name) => {
    if (!OWN_HEADERS.has(name) && !/^(?:connect|grpc)-/.test(name)) headers.append(name, value)
  })
  for (const [name, value] of pairsOf(header)) headers.set(name, value)
  const cookies = pairsOf(cookie).map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
  if (cookies.length > 0) headers.set("cookie", [headers.get("cookie") ?? [], ...cookies].flat().join("; "))
  return headers
}

function bodyOf(
  method: ServiceMethod,
  message: Uint8Array,
  { json, form }: Sections,
): { contentType?: string; data: string | Uint8Array<ArrayBuffer> | FormData } | undefined {
  if (json !== undefined) return { contentType: "application/json", data: JSON.stringify(json, bigintText) }
  if (form !== undefined) {
    const files = method.hasFiles ? readFormFiles(method.rpc.input, message) : []
    if (files.length > 0) return { data: formOf(pairsOf(form), files) }
    const data = new URLSearchParams(pairsOf(form)).toString()
    return { contentType: "application/x-www-form-urlencoded", data }
  }
  const raw = method.rawRequest === undefined ? undefined : readRawBody(message, method.rawRequest)
  if (!raw) return undefined
  const data = raw.data as Uint8Array<ArrayBuffer>
  return { contentType: raw.contentType || "application/octet-stream", data }
}
