import { decodeReplyJson } from "./decode-reply-json.ts"
import { GatewayError } from "./gateway-error.ts"
import { ProtoReader } from "./proto-reader.ts"
import { emptyReply, type HeaderMode, headerModeOf, type Reply } from "./reply.ts"

/**
 * Decodes what a function wrote: a protobuf Reply, or its JSON form when it begins with `{`.
 *
 * @throws {@link GatewayError} with code `bad_reply`.
 */
export function decodeReply(output: Uint8Array): Reply {
  const buffer = Buffer.from(output.buffer, output.byteOffset, output.length)
  // The schema hash is always first, in either form.
  if (output[0] === 0x7b) return checked(decodeReplyJson(buffer.toString()))
  if (output[0] !== 0x09) {
    throw new GatewayError("bad_reply", "the function's output is no Reply; was it built by hono-faasm?")
  }
  return checked(decodeProtobuf(new ProtoReader(buffer)))
}

/** RFC 9110, 5.1 and 5.5; a value's characters are bytes (https://fetch.spec.whatwg.org/#concept-header-value). */
const HEADER_NAME = /^[\w!#$%&'*+\-.^`|~]+$/
const NO_HEADER_VALUE = /[\0\r\n\u0100-\uffff]/

/** Only what a Response can have; its own error would be taken for one of the handler's. */
function checked(reply: Reply): Reply {
  const { status, headers } = reply
  if (status !== 0 && !(status >= 200 && status <= 599))
    throw new GatewayError("bad_reply", `the function's reply has status ${status}`)
  for (let i = 0; i < headers.length; i += 3) {
    if (!HEADER_NAME.test(headers[i] as string) || NO_HEADER_VALUE.test(headers[i + 1] as string))
      throw new GatewayError(
        "bad_reply",
        `the function's reply has a header ${JSON.stringify(headers[i])} that can't be sent`,
      )
  }
  return reply
}

// Tags of hono_faasm.v1.Reply.
function decodeProtobuf(reader: ProtoReader): Reply {
  const reply = emptyReply()
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 0x09:
        reply.schemaHash = reader.hex64()
        break
      case 0x10:
        reply.status = reader.uint32()
        break
      case 0x1a:
        readHeader(reader.message(), reply.headers)
        break
      case 0x22:
        reply.body = { message: reader.bytes() }
        break
      case 0x2a:
        reply.body = { raw: reader.bytes() }
        break
      case 0x32:
        reply.body = { json: reader.string() }
        break
      case 0x38:
        reply.plain = reader.uint32() !== 0
        break
      case 0x42:
        reply.variables ??= []
        readVariable(reader.message(), reply.variables)
        break
      case 0x4a: {
        const [, name = "", message = "", stack = ""] = readTexts(reader.message())
        reply.thrown = { name, message, stack }
        break
      }
      case 0x52:
        reply.failure = readFailure(reader.message())
        break
      case 0x5a:
        reply.fallbackReason = reader.string()
        break
      case 0x60:
        reply.notFound = reader.uint32() !== 0
        break
      case 0x6a:
        reply.phases = readPhases(reader.message())
        break
      default:
        reader.unknown(tag)
    }
  }
  return reply
}

function readPhases(reader: ProtoReader): NonNullable<Reply["phases"]> {
  const phases = { handlerUs: 0, encodeUs: 0 }
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 0x09) phases.handlerUs = reader.double()
    else if (tag === 0x11) phases.encodeUs = reader.double()
    else reader.unknown(tag)
  }
  return phases
}

function readHeader(reader: ProtoReader, into: (string | HeaderMode)[]): void {
  let name = ""
  let value = ""
  let mode: HeaderMode = 0
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 0x0a) name = reader.string()
    else if (tag === 0x12) value = reader.string()
    else if (tag === 0x18) mode = headerModeOf(reader.uint32())
    else reader.unknown(tag)
  }
  into.push(name, value, mode)
}

function readVariable(reader: ProtoReader, into: unknown[]): void {
  let name = ""
  let value: unknown
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 0x0a) name = reader.string()
    else if (tag === 0x12) value = reader.string()
    else if (tag === 0x19) value = reader.double()
    else if (tag === 0x20) value = reader.uint32() !== 0
    else if (tag === 0x2a) value = parse(reader.string())
    else reader.unknown(tag)
  }
  // What could not leave the function stays what it was.
  if (value !== undefined) into.push(name, value)
}

function readFailure(reader: ProtoReader): { kind: number; message: string; stack: string } {
  const failure = { kind: 0, message: "", stack: "" }
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 0x08) failure.kind = reader.uint32()
    else if (tag === 0x12) failure.message = reader.string()
    else if (tag === 0x1a) failure.stack = reader.string()
    else reader.unknown(tag)
  }
  return failure
}

/** A message of strings, by field number. */
function readTexts(reader: ProtoReader): string[] {
  const texts: string[] = []
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if ((tag & 7) === 2 && tag >>> 3 < 8) texts[tag >>> 3] = reader.string()
    else reader.unknown(tag)
  }
  return texts
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch (cause) {
    throw new GatewayError("bad_reply", "a variable in the function's reply is no JSON", { cause })
  }
}
