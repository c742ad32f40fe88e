/**
 * The same conversion as the generated code makes, by protobuf-es messages: for hosts that disallow code generation
 * from strings, and to find out where a value does not fit.
 *
 * @module
 */
import { create, type DescMessage, fromBinary, type Message, ScalarType, toBinary } from "@bufbuild/protobuf"
import { reflect } from "@bufbuild/protobuf/reflect"
import { CodecError, MAX_DEPTH } from "./codec-error.ts"
import { addRest, bigint, date, define, literal, missing, noBody, parsedJson, tuple } from "./decode-value.ts"
import {
  bigintText,
  dateText,
  dateValue,
  hiddenKey,
  isBoxed,
  jsonText,
  jsonValue,
  ownValue,
  unknownKey,
} from "./json-value.ts"
import { type FieldPlan, type MessagePlan, planOf, takesNull, type ValuePlan } from "./plan.ts"
import { typeOfScalar } from "./union.ts"
import { MAX_RETRIES } from "./writer.ts"

/** A value does not fit: where in it, and why. */
export class MisfitError extends Error {
  override readonly name = "MisfitError"
  readonly path: string
  readonly reason: string

  constructor(path: string, reason: string) {
    super(`${path || "the value"}: ${reason}`)
    this.path = path
    this.reason = reason
  }
}

type Fields = Record<string, unknown>

/** Tries of union members since encoding began. */
let retries = 0

/** Encodes a value. Throws {@link MisfitError}. */
export function interpretEncode(desc: DescMessage, value: unknown): Uint8Array {
  retries = 0
  return toBinary(desc, toMessage(desc, value, "", 0))
}

/** Encodes the body of a response message. Throws {@link MisfitError}. */
export function interpretEncodeBody(desc: DescMessage, field: FieldPlan, value: unknown): Uint8Array {
  retries = 0
  const message = create(desc)
  const given = element(field.value, value, "", "")
  // Nothing is no body, but what travels as JSON text may be anything.
  const body = toValue(
    field.value,
    given === undefined && field.value.kind === "json" ? "null" : given,
    "",
    0,
  )
  reflect(desc, message).set(
    desc.fields.find(({ number }) => number === field.number)!,
    wrap(field.value, body),
  )
  return toBinary(desc, message)
}

/** Decodes a value. Throws CodecError. */
export function interpretDecode(desc: DescMessage, bytes: Uint8Array): unknown {
  let message: Message
  try {
    message = fromBinary(desc, bytes, { readUnknownFields: false })
  } catch (cause) {
    throw new CodecError("malformed", (cause as Error).message, { cause })
  }
  return fromMessage(desc, message, 0)
}

function toMessage(desc: DescMessage, given: unknown, path: string, depth: number): Message {
  if (depth > MAX_DEPTH) throw new MisfitError(path, "is nested too deeply")
  const plan = planOf(desc)
  if (plan.json) return toJsonValue(plan, given, path, depth)
  if (plan.union) return toUnion(plan, given, path, depth)
  const message = create(desc) as Message & Fields
  const target = reflect(desc, message)
  const put = (field: FieldPlan, value: unknown, at: string) => {
    const set = (number: number, content: unknown) =>
      target.set(desc.fields.find((candidate) => candidate.number === number)!, content)
    if (value === undefined) {
      if (!field.optional) throw new MisfitError(at, "is missing")
      return
    }
    const isNullItself = field.value.kind === "message" && takesNull(field.value)
    // A wrapper knows itself whether its value may be null.
    if (value === null && (field.nullable || !(isNullItself && field.shape === "single"))) {
      if (!field.nullable) throw new MisfitError(at, "is null")
      if (field.presence !== undefined && (field.optional || field.shape !== "single")) set(field.presence, 1)
      return
    }
    if (field.shape === "single") {
      set(field.number, wrap(field.value, toValue(field.value, value, at, depth + 1)))
    } else if (field.shape === "list") {
      if (!Array.isArray(value)) throw new MisfitError(at, `is ${kindOf(value)}, not an array`)
      if (value.length === 0 && field.presence !== undefined) set(field.presence, 2)
      const list = target.get(desc.fields.find(({ number }) => number === field.number)!) as unknown as {
        add(item: unknown): void
      }
      for (let i = 0; i < value.length; i++) {
        const place = `${at}[${i}]`
        const given = element(field.value, value[i], `${i}`, place)
        const item = given === undefined ? leftOut(field.value) : given
        list.add(wrap(field.value, toValue(field.value, item, place, depth + 1)))
      }
    } else {
      if (typeof value !== "object" || Array.isArray(value) || isBoxed(value!)) {
        throw new MisfitError(at, `is ${kindOf(value)}, not a record`)
      }
      const map = target.get(desc.fields.find(({ number }) => number === field.number)!) as unknown as {
        set(key: string, item: unknown): void
        size: number
      }
      for (const key of Object.keys(value!)) {
        const item = element(field.value, (value as Fields)[key], key, join(at, key))
        if (item === undefined) continue
        checkText(key, at)
        map.set(key, wrap(field.value, toValue(field.value, item, join(at, key), depth + 1)))
      }
      if (map.size === 0 && field.presence !== undefined) set(field.presence, 2)
    }
  }
  if (plan.wrapper) {
    put(plan.fields[0]!, normalised(plan.fields[0]!, given, "", path), path)
    return message
  }
  const value = jsonValue(given, "")
  if (plan.tuple) {
    if (!Array.isArray(value)) throw new MisfitError(path, `is ${kindOf(value)}, not an array`)
    if (!plan.rest && value.length > plan.fields.length) {
      throw new MisfitError(path, `has ${value.length} elements, more than ${plan.fields.length}`)
    }
    for (const [i, field] of plan.fields.entries()) {
      const at = `${path}[${i}]`
      if (i >= value.length) put(field, undefined, at)
      // In an array, what JSON leaves out of an object is null.
      else put(field, normalised(field, value[i], `${i}`, at) ?? leftOut(field.value) ?? null, at)
    }
    if (plan.rest) put(plan.rest, value.slice(plan.fields.length), path)
    return message
  }
  if (typeof value !== "object" || value === null || Array.isArray(value) || isBoxed(value)) {
    throw new MisfitError(path, `is ${kindOf(value)}, not an object`)
  }
  for (const field of plan.fields) {
    const own = field.name in Object.prototype ? ownValue(value, field.name) : (value as Fields)[field.name]
    const at = join(path, field.name)
    put(field, normalised(field, own, field.name, at), at)
  }
  const known = new Set(plan.fields.map(({ name }) => name))
  if (plan.rest) {
    const hidden = hiddenKey(value, known)
    if (hidden !== undefined) throw new MisfitError(join(path, hidden), "is not enumerable")
    const others: Fields = {}
    for (const key of Object.keys(value)) if (!known.has(key)) define(others, key, (value as Fields)[key])
    put(plan.rest, others, path)
    return message
  }
  const extra = unknownKey(value, known)
  if (extra !== undefined) throw new MisfitError(join(path, extra), "is not in the declared type")
  return message
}

/** What the value is tells the member. A number that JSON has no text for is null there. */
function toJsonValue({ desc, fields }: MessagePlan, given: unknown, path: string, depth: number): Message {
  const value = jsonValue(given, "")
  const isNull = value === null || (typeof value === "number" && !Number.isFinite(value))
  const index = isNull ? 0 : ["number", "string", "boolean", "object"].indexOf(typeof value) + 1
  if (index === 0 && !isNull) throw new MisfitError(path, `is ${kindOf(value)}, no JSON`)
  const { number, value: plan } = fields[Array.isArray(value) ? 5 : index]!
  const message = create(desc)
  const content = wrap(plan, toValue(plan, value, path, depth + 1))
  reflect(desc, message).set(desc.fields.find((field) => field.number === number)!, content)
  return message
}

/** Takes the first member that the value fits. */
function toUnion({ desc, fields }: MessagePlan, given: unknown, path: string, depth: number): Message {
  for (const field of fields) {
    const value = element(field.value, given, "", path)
    if (value === undefined || value === null) continue
    const message = create(desc)
    try {
      const content = wrap(field.value, toValue(field.value, value, path, depth + 1))
      reflect(desc, message).set(desc.fields.find(({ number }) => number === field.number)!, content)
      return message
    } catch (error) {
      if (!(error instanceof MisfitError)) throw error
      retries += 1
      if (retries > MAX_RETRIES) break
    }
  }
  throw new MisfitError(path, `is ${kindOf(given)} that is of no member of the union`)
}

/** The value of a property as JSON sees it. */
function normalised(field: FieldPlan, value: unknown, key: string, path: string): unknown {
  return field.shape === "single" ? element(field.value, value, key, path) : jsonValue(value, key)
}

/** One value as JSON sees it; but a Date stays one, and what travels as JSON text is that text. */
function element(value: ValuePlan, given: unknown, key: string, path: string): unknown {
  if (value.kind === "date") return dateValue(given, key)
  if (value.kind === "json") return attempt(() => jsonText(given), path, "has no JSON text")
  return jsonValue(given, key)
}

/** What stands for a value that JSON leaves out where there must be one. */
function leftOut(value: ValuePlan): unknown {
  if (value.kind === "json") return "null"
  return value.kind === "message" && takesNull(value) ? null : undefined
}

/** The content of a protobuf-es field. */
function toValue(value: ValuePlan, given: unknown, path: string, depth: number): unknown {
  switch (value.kind) {
    case "message":
      return toMessage(value.desc, given, path, depth)
    case "date":
      return attempt(() => dateText(given), path, `is ${kindOf(given)}, not a valid Date`)
    case "bigint":
      return attempt(() => bigintText(given), path, `is ${kindOf(given)}, not a bigint that can be sent`)
    case "json":
      return given
    case "null":
      return 0
    case "enum":
      for (const [number, text] of value.texts) if (text === given) return number
      throw new MisfitError(path, `is ${kindOf(given)}, not one of the declared literals`)
    case "scalar": {
      const expected = typeOfScalar(value.scalar)
      if (typeof given !== expected) throw new MisfitError(path, `is ${kindOf(given)}, not a ${expected}`)
      if (expected === "string") checkText(given as string, path)
      if (expected === "number" && !isOf(value.scalar, given as number)) {
        throw new MisfitError(path, `is ${given}, no ${ScalarType[value.scalar].toLowerCase()}`)
      }
      return is64Bits(value.scalar) ? BigInt(given as number) : given
    }
  }
}

function fromMessage(desc: DescMessage, message: Message, depth: number): unknown {
  if (depth > MAX_DEPTH) throw new CodecError("too_deep", "the message is nested too deeply")
  const plan = planOf(desc)
  const source = reflect(desc, message)
  const get = (number: number) => {
    const field = desc.fields.find((candidate) => candidate.number === number)!
    return source.isSet(field) ? source.get(field) : undefined
  }
  const settle = (field: FieldPlan): unknown => {
    const content = get(field.number)
    if (content !== undefined) return fromContent(field, content, depth)
    const presence = field.presence === undefined ? 0 : get(field.presence)
    const none = field.optional ? undefined : null
    if (field.shape !== "single") {
      const empty = field.shape === "list" ? [] : {}
      if (field.presence === undefined || presence === 2) return empty
      return presence === 1 ? null : none
    }
    if (presence === 1) return null
    if (field.optional || field.nullable) return none
    if (field.value.kind === "message")
      return fromMessage(field.value.desc, create(field.value.desc), depth + 1)
    if (field.value.kind !== "scalar") return missing(field.name)
    return { string: "", boolean: false, number: 0 }[typeOfScalar(field.value.scalar)]
  }
  if (plan.response || plan.union) {
    const set = plan.fields.find((field) => get(field.number) !== undefined)
    if (!set && plan.json) return null
    if (!set) throw noBody()
    return settle(set)
  }
  if (plan.wrapper) return settle(plan.fields[0]!)
  const rest = plan.rest && settle(plan.rest)
  if (plan.tuple) {
    const required = plan.fields.filter((field) => !field.optional).length
    const more = rest as unknown[] | undefined
    return tuple(plan.fields.map(settle), required, more?.length ? more : undefined)
  }
  const result: Fields = {}
  for (const field of plan.fields) {
    const value = settle(field)
    if (value !== undefined) define(result, field.name, value)
  }
  const known = new Set(plan.fields.map(({ name }) => name))
  return addRest(result, rest as Fields | undefined, known)
}

function fromContent(field: FieldPlan, content: unknown, depth: number): unknown {
  if (field.shape === "single") return fromValue(field.value, content, depth)
  if (field.shape === "list") {
    return [...(content as Iterable<unknown>)].map((item) => fromValue(field.value, item, depth))
  }
  const result: Fields = {}
  for (const [key, item] of content as Iterable<[string, unknown]>) {
    define(result, key, fromValue(field.value, item, depth))
  }
  return result
}

function fromValue(value: ValuePlan, content: unknown, depth: number): unknown {
  switch (value.kind) {
    case "message":
      return fromMessage(value.desc, (content as { message: Message }).message, depth + 1)
    case "date":
      return date(content as string)
    case "bigint":
      return bigint(content as string)
    case "json":
      return parsedJson(content as string)
    case "null":
      return null
    case "enum":
      return literal(value.texts, content as number)
    case "scalar":
      return is64Bits(value.scalar) ? safeNumber(content as bigint) : content
  }
}

/** Whether a number is one that the scalar has exactly. */
function isOf(scalar: ScalarType, value: number): boolean {
  switch (scalar) {
    case ScalarType.INT32:
      return (value | 0) === value
    case ScalarType.UINT32:
      return value >>> 0 === value
    case ScalarType.INT64:
      return Number.isSafeInteger(value)
    case ScalarType.UINT64:
      return Number.isSafeInteger(value) && value >= 0
    case ScalarType.FLOAT:
      return Number.isNaN(value) || Math.fround(value) === value
    default:
      return true
  }
}

function is64Bits(scalar: ScalarType): boolean {
  return scalar === ScalarType.INT64 || scalar === ScalarType.UINT64
}

function safeNumber(content: bigint): number {
  const value = Number(content)
  if (Number.isSafeInteger(value)) return value
  throw new CodecError("not_convertible", "an integer is beyond what a JavaScript number has exactly")
}

function wrap(value: ValuePlan, content: unknown): unknown {
  return value.kind === "message" ? reflect(value.desc, content as Message) : content
}

function checkText(text: string, path: string): void {
  if (!text.isWellFormed()) throw new MisfitError(path, "has a lone surrogate")
}

function attempt<T>(convert: () => T, path: string, reason: string): T {
  try {
    return convert()
  } catch {
    throw new MisfitError(path, reason)
  }
}

function join(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`
}

function kindOf(value: unknown): string {
  if (value === null) return "null"
  if (value === undefined) return "undefined"
  if (Array.isArray(value)) return "an array"
  if (value instanceof Date) return "a Date"
  if (typeof value === "object" && isBoxed(value)) return "a boxed primitive"
  return typeof value === "object" ? "an object" : `a ${typeof value}`
}
