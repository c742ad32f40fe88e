/**
 * An HTTP response as the answer of the RPC that its request stood for.
 *
 * @module
 */
import { fromBinary } from "@bufbuild/protobuf"
import { BinaryReader } from "@bufbuild/protobuf/wire"
import { Code, ConnectError } from "@connectrpc/connect"
import type { Passage } from "../gateway/passage.ts"
import { writeRawBody } from "./raw-body.ts"
import type { ServiceMethod } from "./service-method.ts"

/** A successful answer. */
export interface RpcAnswer {
  /** Bytes of the response message. */
  message: Uint8Array
  headers: Headers
}

const CODES: Record<number, Code> = {
  400: Code.InvalidArgument,
  401: Code.Unauthenticated,
  403: Code.PermissionDenied,
  404: Code.NotFound,
  405: Code.Unimplemented,
  408: Code.DeadlineExceeded,
  409: Code.Aborted,
  410: Code.NotFound,
  412: Code.FailedPrecondition,
  413: Code.ResourceExhausted,
  415: Code.InvalidArgument,
  416: Code.OutOfRange,
  422: Code.InvalidArgument,
  428: Code.FailedPrecondition,
  429: Code.ResourceExhausted,
  499: Code.Canceled,
  500: Code.Internal,
  501: Code.Unimplemented,
  502: Code.Unavailable,
  503: Code.Unavailable,
  504: Code.DeadlineExceeded,
}

/** Headers that describe the HTTP response's body, which the RPC has in another form. */
const BODY_HEADERS = new Set([
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "keep-alive",
  "trailer",
  "transfer-encoding",
  "upgrade",
])

/** Longest text of a body that becomes an error's message, in characters. */
const MAX_MESSAGE = 500

/**
 * Makes the answer of a response.
 *
 * @throws ConnectError for a status of 400 and above: its code by the status, the response message as detail
 */
export async function rpcAnswer(
  method: ServiceMethod,
  response: Response,
  passage: Passage,
): Promise<RpcAnswer> {
  const { status } = response
  const headers = new Headers()
  response.headers.forEach((value, name) => {
    if (!BODY_HEADERS.has(name) && !/^(?:connect|grpc|trailer)-/.test(name)) headers.append(name, value)
  })
  const passed = passage.replyOf(method.response, response)
  if (status < 400 && passed && statusOf(method, passed) === status) {
    // Nobody will read it.
    void response.body!.cancel()
    return { message: passed, headers }
  }
  const contentType = response.headers.get("content-type") ?? ""
  const data = new Uint8Array(await response.arrayBuffer())
  const json = isJson(contentType) ? parse(data) : undefined
  const message = messageOf(method, status, contentType, data, json)
  if (status < 400) return { message, headers }
  const detail = { desc: method.rpc.output, value: fromBinary(method.rpc.output, message) }
  const text = textOf(json, contentType, data) ?? `HTTP status ${status}`
  throw new ConnectError(text, codeOf(status), headers, [detail])
}

/** The status whose field is set in a response message. */
function statusOf({ statuses }: ServiceMethod, message: Uint8Array): number | undefined {
  const [number] = new BinaryReader(message).tag()
  return statuses.get(number)
}

function messageOf(
  { response, rawResponse }: ServiceMethod,
  status: number,
  contentType: string,
  data: Uint8Array,
  json: { value: unknown } | undefined,
): Uint8Array {
  const encoded = json && response.encodeResponse(status, json.value)
  if (encoded && "bytes" in encoded) return encoded.bytes
  return writeRawBody(rawResponse, status, contentType, data)
}

function isJson(contentType: string): boolean {
  return /^application\/(?:[\w.+-]+\+)?json\b/i.test(contentType)
}

function parse(data: Uint8Array): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.length).toString()) }
  } catch {
    return undefined
  }
}

function codeOf(status: number): Code {
  return CODES[status] ?? (status < 500 ? Code.FailedPrecondition : Code.Unknown)
}

/** What a body says to a person, by the usual names. */
function textOf(
  json: { value: unknown } | undefined,
  contentType: string,
  data: Uint8Array,
): string | undefined {
  if (json) {
    const { message, error } = (json.value ?? {}) as { message?: unknown; error?: unknown }
    const inner = (error as { message?: unknown } | null | undefined)?.message
    const text = [message, error, inner, json.value].find((value) => typeof value === "string")
    return (text as string | undefined)?.slice(0, MAX_MESSAGE)
  }
  if (!contentType.startsWith("text/plain") || data.length === 0) return undefined
  return Buffer.from(data.buffer, data.byteOffset, data.length).toString().slice(0, MAX_MESSAGE)
}
