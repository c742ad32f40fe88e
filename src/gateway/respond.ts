import type { Context } from "hono"
import type { HeaderMode, Reply } from "./reply.ts"

/** Thrown in the function and answered there by the app's onError; what middleware sees as `c.error`. */
export class FunctionError extends Error {
  override readonly name: string

  constructor(thrown: { name: string; message: string; stack: string }) {
    super(thrown.message)
    this.name = thrown.name
    if (thrown.stack) this.stack = thrown.stack
  }
}

/**
 * Turns a reply into the response that the handler would have returned.
 *
 * Headers are replayed on the real context, so that Hono itself merges them with those that middleware
 * prepared.
 *
 * @param messageToJson - writes the route's response message as JSON text
 */
export function respond(
  c: Context,
  reply: Reply,
  messageToJson: (message: Uint8Array) => JsonText,
): Response | Promise<Response> {
  const { variables, thrown, headers } = reply
  if (variables) for (let i = 0; i < variables.length; i += 2) c.set(variables[i] as string, variables[i + 1])
  if (thrown) c.error = new FunctionError(thrown)
  if (reply.notFound) {
    replay(c, headers)
    return c.notFound()
  }
  const body = bodyOf(reply, messageToJson)
  const isJson = reply.body !== undefined && !("raw" in reply.body)
  if (isJson && !hasContentType(headers)) headers.push("content-type", "application/json", 0)
  if (reply.plain) return plainResponse(reply, body)
  // 0: the handler chose none, so one that middleware set with c.status applies.
  const status = reply.status === 0 ? undefined : (reply.status as 200)
  if (isSimple(headers)) {
    const isText = status === undefined && !isJson && isContentTypeOfText(headers[1] as string)
    // Hono writes the content type of text in two ways, by what middleware has done before.
    return isText && body instanceof Uint8Array
      ? c.text(textOf(body))
      : c.newResponse(body, status, headersOf(headers))
  }
  replay(c, headers)
  return c.newResponse(body, status)
}

/** JSON text in UTF-8. */
export type JsonText = Uint8Array<ArrayBuffer> | ReadableStream

type Body = string | JsonText | null

function bodyOf(reply: Reply, messageToJson: (message: Uint8Array) => JsonText): Body {
  const { body } = reply
  if (body === undefined) return null
  if ("message" in body) return messageToJson(body.message)
  return "json" in body ? body.json : (body.raw as Uint8Array<ArrayBuffer>)
}

function plainResponse({ headers, status }: Reply, body: Body): Response {
  const result = new Headers()
  for (let i = 0; i < headers.length; i += 3) {
    const name = headers[i] as string
    const mode = headers[i + 2]
    if (mode === 1) result.append(name, headers[i + 1] as string)
    else if (mode === 0) result.set(name, headers[i + 1] as string)
    else result.delete(name)
  }
  return new Response(body, { status: status || 200, headers: result })
}

function replay(c: Context, headers: (string | HeaderMode)[]): void {
  for (let i = 0; i < headers.length; i += 3) {
    const name = headers[i] as string
    const mode = headers[i + 2]
    if (mode === 2) c.header(name, undefined)
    else c.header(name, headers[i + 1] as string, { append: mode === 1 })
  }
}

/** One header that replaces, as of nearly every reply: Hono has a shorter way for it. */
function isSimple(headers: (string | HeaderMode)[]): boolean {
  return headers.length === 3 && headers[2] === 0
}

/** What the guest says for `c.text()`. */
function isContentTypeOfText(contentType: string): boolean {
  return contentType === "text/plain; charset=UTF-8"
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString()
}

function headersOf(headers: (string | HeaderMode)[]): Record<string, string> {
  return { [headers[0] as string]: headers[1] as string }
}

function hasContentType(headers: (string | HeaderMode)[]): boolean {
  for (let i = 0; i < headers.length; i += 3) {
    if ((headers[i] as string).toLowerCase() === "content-type" && headers[i + 2] !== 2) return true
  }
  return false
}
