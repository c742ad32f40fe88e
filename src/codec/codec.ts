import { type DescMessage, ScalarType } from "@bufbuild/protobuf"
import { CodecError } from "./codec-error.ts"
import * as decodeValue from "./decode-value.ts"
import { generateDecoder } from "./generate-decoder.ts"
import { generateEncoder } from "./generate-encoder.ts"
import { generateTranscoder } from "./generate-transcoder.ts"
import { interpretDecode, interpretEncode, interpretEncodeBody, MisfitError } from "./interpreter.ts"
import * as jsonValue from "./json-value.ts"
import { JsonWriter, NOT_CANONICAL, tooLarge } from "./json-writer.ts"
import { type FieldPlan, planOf } from "./plan.ts"
import { Reader } from "./reader.ts"
import { MISFIT, Writer } from "./writer.ts"

/** What became of a value: its bytes, or where and why it does not fit the message's type. */
export type EncodeResult = { bytes: Uint8Array } | { misfit: Misfit }

/** Why a value does not fit its declared type. It can still travel as JSON text. */
interface Misfit {
  /** Where in the value, such as `lines[2].price`; empty for the value itself. */
  path: string
  /** Such as `is a string, not a number`. */
  reason: string
}

/** Converts between JavaScript values, bytes and JSON text of one message. */
export interface MessageCodec {
  readonly desc: DescMessage
  /**
   * JavaScript value to bytes. Looks at the value as JSON.stringify does: `toJSON` is called, properties that are
   * undefined or functions are absent. An error that a getter or `toJSON` throws is passed on.
   */
  encode(value: unknown): EncodeResult
  /**
   * The body that a response has with a status, to the bytes of the route's response message.
   */
  encodeResponse(status: number, value: unknown): EncodeResult
  /** Bytes to a JavaScript value; for a response message, to its body. Throws {@link CodecError}. */
  decode(bytes: Uint8Array): unknown
  /** Bytes to JSON text, with no objects between; for a response message, of its body. Throws {@link CodecError}. */
  toJson(bytes: Uint8Array): string
  /** As {@link toJson}, in UTF-8; twice as fast for what has its properties in the order of their type. */
  toJsonBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer>
}

const codecs = new WeakMap<DescMessage, MessageCodec>()

/**
 * The codec of a message whose descriptor carries the annotations of `hono_faasm/v1/annotations.proto`. Made once per
 * descriptor.
 *
 * @throws {@link CodecError} `not_convertible` when the message has a field of a type that schemas of apps don't have.
 */
export function compileCodec(desc: DescMessage): MessageCodec {
  let codec = codecs.get(desc)
  if (!codec) {
    checkTypes(desc, new Set())
    codec = canGenerateCode() ? new CompiledCodec(desc) : new InterpretedCodec(desc)
    codecs.set(desc, codec)
  }
  return codec
}

/** What generated encoder code returns. */
interface Encoder {
  /** Null for a response message, which is encoded by status. */
  encode: ((value: unknown, depth: number) => void) | null
  bodies: Record<number, (value: unknown) => void>
}

class CompiledCodec implements MessageCodec {
  readonly desc: DescMessage
  readonly #writer = new Writer()
  readonly #bodies: Map<number, FieldPlan>
  #busy = false
  #encoder: Encoder | undefined
  #decode: ((bytes: Uint8Array) => unknown) | undefined
  #toJson: ((bytes: Uint8Array) => string) | undefined
  #transcoder: { write(bytes: Uint8Array): void; writer: JsonWriter } | undefined

  constructor(desc: DescMessage) {
    this.desc = desc
    this.#bodies = bodiesOf(desc)
  }

  encode(value: unknown): EncodeResult {
    this.#encoder ??= this.#compileEncoder()
    const { encode } = this.#encoder
    if (!encode) throw new TypeError(`${this.desc.typeName} is a response: it is encoded with its status`)
    return this.#run(
      () => encode(value, 0),
      () => interpretEncode(this.desc, value),
    )
  }

  encodeResponse(status: number, value: unknown): EncodeResult {
    this.#encoder ??= this.#compileEncoder()
    const field = bodyOf(this.#bodies, status)
    if (!field) return noBodyFor(status)
    return this.#run(
      () => this.#encoder!.bodies[field.status]!(value),
      () => interpretEncodeBody(this.desc, field, value),
    )
  }

  decode(bytes: Uint8Array): unknown {
    this.#decode ??= this.#compileDecoder("value") as (bytes: Uint8Array) => unknown
    return this.#decode(bytes)
  }

  toJson(bytes: Uint8Array): string {
    this.#toJson ??= this.#compileDecoder("json") as (bytes: Uint8Array) => string
    return bounded(() => this.#toJson!(bytes))
  }

  toJsonBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    this.#transcoder ??= this.#compileTranscoder()
    const { write, writer } = this.#transcoder
    try {
      write(bytes)
      return writer.finish()
    } catch (error) {
      // What is wrong with a value may not matter: another one may come after it and count instead.
      if (error !== NOT_CANONICAL && !(error instanceof CodecError && error.code !== "too_large")) throw error
    } finally {
      writer.shrink()
    }
    return Buffer.from(this.toJson(bytes))
  }

  #run(write: () => void, explain: () => Uint8Array): EncodeResult {
    // A toJSON or getter of the value may come back here in the middle of a message.
    if (this.#busy) return interpreted(explain)
    const writer = this.#writer
    this.#busy = true
    writer.start()
    try {
      write()
      return { bytes: writer.finish() }
    } catch (error) {
      if (error !== MISFIT) throw error
    } finally {
      this.#busy = false
      writer.shrink()
    }
    return interpreted(explain)
  }

  #compileEncoder(): Encoder {
    const { source, sets, maps } = generateEncoder(this.desc)
    return new Function("w", "MISFIT", "h", "sets", "maps", source)(
      this.#writer,
      MISFIT,
      jsonValue,
      sets,
      maps,
    )
  }

  #compileTranscoder(): { write(bytes: Uint8Array): void; writer: JsonWriter } {
    const { source, k, texts, others } = generateTranscoder(this.desc)
    const writer = new JsonWriter()
    const toText = others.map((desc) => {
      const codec = compileCodec(desc)
      return (bytes: Uint8Array) => codec.toJson(bytes)
    })
    const write = new Function("Reader", "NOT_CANONICAL", "w", "h", "k", "texts", "others", source)(
      Reader,
      NOT_CANONICAL,
      writer,
      decodeValue,
      k,
      texts,
      toText,
    )
    return { write, writer }
  }

  #compileDecoder(target: "value" | "json"): unknown {
    const { source, texts, sets } = generateDecoder(this.desc, target)
    return new Function("Reader", "h", "texts", "sets", source)(Reader, decodeValue, texts, sets)
  }
}

/** The codec where code must not be generated from strings. */
export class InterpretedCodec implements MessageCodec {
  readonly desc: DescMessage
  readonly #bodies: Map<number, FieldPlan>

  constructor(desc: DescMessage) {
    this.desc = desc
    this.#bodies = bodiesOf(desc)
  }

  encode(value: unknown): EncodeResult {
    return interpreted(() => interpretEncode(this.desc, value))
  }

  encodeResponse(status: number, value: unknown): EncodeResult {
    const field = bodyOf(this.#bodies, status)
    return field ? interpreted(() => interpretEncodeBody(this.desc, field, value)) : noBodyFor(status)
  }

  decode(bytes: Uint8Array): unknown {
    return interpretDecode(this.desc, bytes)
  }

  toJson(bytes: Uint8Array): string {
    // A bigint is its digits there, as everywhere.
    return bounded(() =>
      JSON.stringify(interpretDecode(this.desc, bytes), (_, value) =>
        typeof value === "bigint" ? `${value}` : value,
      ),
    )
  }

  toJsonBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    return Buffer.from(this.toJson(bytes))
  }
}

/** What V8 has no string, or no stack, for is too large. */
function bounded(write: () => string): string {
  try {
    return write()
  } catch (error) {
    throw error instanceof RangeError ? tooLarge(error) : error
  }
}

function interpreted(encode: () => Uint8Array): EncodeResult {
  try {
    return { bytes: encode() }
  } catch (error) {
    if (error instanceof MisfitError) return { misfit: { path: error.path, reason: error.reason } }
    throw error
  }
}

function bodiesOf(desc: DescMessage): Map<number, FieldPlan> {
  const plan = planOf(desc)
  return new Map(plan.response ? plan.fields.map((field) => [field.status, field]) : [])
}

function bodyOf(bodies: Map<number, FieldPlan>, status: number): FieldPlan | undefined {
  return bodies.get(status) ?? bodies.get(0)
}

function noBodyFor(status: number): EncodeResult {
  return { misfit: { path: "", reason: `no body is declared for status ${status}` } }
}

let codeGeneration: boolean | undefined

function canGenerateCode(): boolean {
  if (codeGeneration === undefined) {
    try {
      new Function("")
      codeGeneration = true
    } catch {
      codeGeneration = false
    }
  }
  return codeGeneration
}

/** What the types of handlers become. */
const SCALARS = new Set([
  ScalarType.DOUBLE,
  ScalarType.FLOAT,
  ScalarType.INT32,
  ScalarType.UINT32,
  ScalarType.INT64,
  ScalarType.UINT64,
  ScalarType.BOOL,
  ScalarType.STRING,
])

function checkTypes(desc: DescMessage, seen: Set<DescMessage>): void {
  if (seen.has(desc)) return
  seen.add(desc)
  const { fields, rest } = planOf(desc)
  for (const { name, value, key } of rest ? [...fields, rest] : fields) {
    if (value.kind === "message") checkTypes(value.desc, seen)
    const scalar = value.kind === "scalar" ? value.scalar : ScalarType.STRING
    if (!SCALARS.has(scalar) || (key !== undefined && key !== ScalarType.STRING)) {
      throw new CodecError(
        "not_convertible",
        `${desc.typeName}.${name} has a type that no handler's type becomes`,
      )
    }
  }
}
