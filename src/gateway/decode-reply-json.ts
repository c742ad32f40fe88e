import { FailureKind } from "../gen/hono_faasm/v1/invocation_pb.ts"
import { GatewayError } from "./gateway-error.ts"
import { emptyReply, headerModeOf, type Reply } from "./reply.ts"

/** The JSON form of a Reply; nothing of it is known until it has been looked at. */
interface ReplyJson {
  schemaHash?: unknown
  status?: unknown
  headers?: unknown
  bodyJson?: unknown
  raw?: unknown
  plain?: unknown
  variables?: unknown
  thrown?: unknown
  failure?: unknown
  notFound?: unknown
}

/**
 * Decodes the JSON form of a Reply.
 *
 * @throws {@link GatewayError} with code `bad_reply`.
 */
export function decodeReplyJson(text: string): Reply {
  let json: ReplyJson
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new GatewayError("bad_reply", "the function's output begins like JSON, but is none", { cause })
  }
  const reply = emptyReply()
  reply.schemaHash = textOf(json.schemaHash)
  reply.status = numberOf(json.status)
  for (const header of listOf(json.headers)) {
    const { name, value, mode } = recordOf(header)
    reply.headers.push(textOf(name), textOf(value), headerModeOf(mode ?? 0))
  }
  if (json.raw !== undefined) reply.body = { raw: Buffer.from(textOf(json.raw), "base64") }
  else if (json.bodyJson !== undefined) reply.body = { json: textOfJson(json.bodyJson) }
  reply.plain = json.plain === true
  reply.notFound = json.notFound === true
  const variables = listOf(json.variables)
  if (variables.length > 0) reply.variables = variables.flatMap((v) => variableOf(recordOf(v)))
  if (json.thrown !== undefined) {
    const { name, message, stack } = recordOf(json.thrown)
    reply.thrown = { name: textOf(name), message: textOf(message), stack: textOf(stack) }
  }
  if (json.failure !== undefined) {
    const { kind, message, stack } = recordOf(json.failure)
    reply.failure = { kind: failureKind(kind), message: textOf(message), stack: textOf(stack) }
  }
  return reply
}

function variableOf(v: Record<string, unknown>): unknown[] {
  const value = v.text ?? v.number ?? v.boolean ?? v.json
  // What could not leave the function stays what it was.
  return value === undefined ? [] : [textOf(v.name), value]
}

/** By number, or by name as the protobuf JSON mapping has it. */
function failureKind(kind: unknown): number {
  if (typeof kind !== "string") return numberOf(kind)
  const name = kind.replace("FAILURE_KIND_", "")
  return Object.hasOwn(FailureKind, name)
    ? numberOf(FailureKind[name as keyof typeof FailureKind])
    : FailureKind.UNSPECIFIED
}

/** JSON.parse takes deeper nesting than JSON.stringify. */
function textOfJson(value: unknown): string {
  try {
    return JSON.stringify(value)
  } catch (cause) {
    throw new GatewayError("bad_reply", "the function's JSON reply is nested too deeply", { cause })
  }
}

const malformed = (what: string) => new GatewayError("bad_reply", `the function's JSON reply has ${what}`)

function textOf(value: unknown): string {
  if (value === undefined) return ""
  if (typeof value !== "string") throw malformed(`${typeof value} where a string belongs`)
  return value
}

function numberOf(value: unknown): number {
  if (value === undefined) return 0
  if (typeof value !== "number") throw malformed(`${typeof value} where a number belongs`)
  return value
}

function listOf(value: unknown): unknown[] {
  if (value === undefined) return []
  if (!Array.isArray(value)) throw malformed(`${typeof value} where a list belongs`)
  return value
}

function recordOf(value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null) throw malformed(`${typeof value} where an object belongs`)
  return value as Record<string, unknown>
}
