import type { ReadyContext } from "./context.ts"
import {
  BAD_RESPONSE,
  BYTES_BODY,
  JSON_BODY,
  NO_BODY,
  NOT_FOUND,
  type Reply,
  TEXT_BODY,
  THROWN,
} from "./contract.ts"
import { Body, JsonValue } from "./web/body.ts"
import { drain, ReadableStream } from "./web/readable-stream.ts"
import { CONTEXT_NOT_FOUND, PLAIN, Response } from "./web/response.ts"

/** Turns what a handler returned into a reply. */
export function toReply(
  result: unknown,
  ready: ReadyContext,
  thrown: Error | undefined,
): Reply | Promise<Reply> {
  const { context } = ready
  if (!result && context.finalized) result = context.res
  if (!(result instanceof Response)) return failed(BAD_RESPONSE, new TypeError(whyNoResponse(result)))
  const source = Body.takeUnread(result)
  if (source === undefined) {
    return failed(
      BAD_RESPONSE,
      new TypeError("the handler returned a response whose body has been read already"),
    )
  }
  const origin = Response.originOf(result)
  const isJson = source instanceof JsonValue
  const headers: Reply["headers"] = []
  const hasType = Response.addChanges(result, headers, isJson)
  // A sub-app's onError leaves the error on the context.
  const error = thrown ?? context.error
  const reply: Reply = {
    status: Response.givenStatus(result),
    headers,
    kind: NO_BODY,
    body: undefined,
    plain: origin === PLAIN,
    variables: ready.variables(),
    thrown: error ? describe(error) : undefined,
    failure: undefined,
  }
  if (origin === CONTEXT_NOT_FOUND) {
    reply.kind = NOT_FOUND
  } else if (isJson) {
    if (hasType) {
      reply.kind = JSON_BODY
      reply.body = source.value
    } else {
      // The gateway would take it for application/json.
      reply.kind = TEXT_BODY
      reply.body = JSON.stringify(source.value)
    }
  } else if (typeof source === "string") {
    reply.kind = TEXT_BODY
    reply.body = source
  } else if (source instanceof ReadableStream) {
    return drain(source).then((bytes) => {
      reply.kind = BYTES_BODY
      reply.body = bytes
      return reply
    })
  } else if (source !== null) {
    reply.kind = BYTES_BODY
    reply.body = source
  }
  return reply
}

function whyNoResponse(result: unknown): string {
  if (result === undefined || result === null) {
    return "Context is not finalized. Did you forget to return a Response object or `await next()`?"
  }
  return `the handler returned ${typeof result === "object" ? (result.constructor?.name ?? "an object") : typeof result}, not a Response`
}

/** The reply of a handler that gave none. */
export function failed(kind: number, error: unknown): Reply {
  const { message, stack } = error instanceof Error ? error : { message: String(error), stack: "" }
  return {
    status: 0,
    headers: [],
    kind: NO_BODY,
    body: undefined,
    plain: false,
    variables: undefined,
    thrown: undefined,
    failure: { kind, message, stack: stack ?? "" },
  }
}

/** The reply when something that onError does not handle was thrown. */
export const thrownReply = (error: unknown): Reply => failed(THROWN, error)

function describe(error: Error): { name: string; message: string; stack: string } {
  const head = `${error.name}: ${error.message}`
  const stack = error.stack ?? ""
  // The engine's stack has the places alone, V8's begins with the error.
  return {
    name: String(error.name),
    message: String(error.message),
    stack: stack.startsWith(head) ? stack : `${head}\n${stack.trimEnd()}`,
  }
}
