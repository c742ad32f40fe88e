/**
 * Writes the source of a transcoder: bytes of a message to JSON text in UTF-8, in one pass over them.
 *
 * It reads what encoders of ours write of objects whose properties are in the order of their type: fields in their order,
 * each once. Other bytes that are a message too make it throw {@link NOT_CANONICAL}.
 *
 * @module
 */
import { type DescMessage, ScalarType } from "@bufbuild/protobuf"
import { MAX_DEPTH } from "./codec-error.ts"
import { readNumber } from "./generate-decoder.ts"
import { ShortText } from "./json-writer.ts"
import { MessageFunctions } from "./message-functions.ts"
import { type FieldPlan, type MessagePlan, type ValuePlan, wireTypeOf } from "./plan.ts"

/** What the source of {@link generateTranscoder} needs by name. */
export interface TranscoderSource {
  /**
   * Function body. Parameters: `Reader`, `NOT_CANONICAL`, `w` (json-writer.ts), `h` (decode-value.ts), `k`,
   * `texts` and `others`. Returns `(bytes) => void`, which writes to `w`.
   */
  source: string
  /** Names of properties and fixed values, as JSON text. */
  k: ShortText[]
  /** Number to JSON text by enum. */
  texts: Map<number, ShortText>[]
  /** Messages whose JSON text comes from the general decoder. */
  others: DescMessage[]
}

/** Generates the transcoder of a message and of those in it. */
export function generateTranscoder(root: DescMessage): TranscoderSource {
  return new TranscoderGenerator().generate(root)
}

class TranscoderGenerator {
  readonly #functions = new MessageFunctions()
  readonly #constants = new Map<string, number>()
  readonly #texts: Map<number, ShortText>[] = []
  readonly #others: DescMessage[] = []

  generate(root: DescMessage): TranscoderSource {
    const name = this.#functions.nameOf(root)
    const functions = this.#functions.write((plan) => this.#message(plan))
    return {
      source: `"use strict"
let r
${functions}
return (bytes) => {
  r = new Reader(bytes)
  w.start()
  try { ${name}(bytes.length, 0) } finally { r = undefined }
}`,
      k: [...this.#constants.keys()].map((text) => new ShortText(text)),
      texts: this.#texts,
      others: this.#others,
    }
  }

  #constant(text: string): string {
    const index = this.#constants.get(text) ?? this.#constants.size
    this.#constants.set(text, index)
    return `k[${index}]`
  }

  #message(plan: MessagePlan): string {
    return `function ${this.#functions.nameOf(plan.desc)}(end, d) {
  if (d > ${MAX_DEPTH}) throw h.tooDeep()
  ${this.#body(plan)}
}`
  }

  #body(plan: MessagePlan): string {
    // Elements that are absent at the end, and properties that a field has already: both need all of the message.
    if (plan.tuple || plan.rest) {
      this.#others.push(plan.desc)
      return `w.text(others[${this.#others.length - 1}](r.bytes.subarray(r.at, end))); r.at = end`
    }
    const isOneof = plan.response || plan.union
    const lines = isOneof
      ? [
          `${plan.fields.map((field) => this.#present(field, "")).join(" else ")} else ${plan.json ? this.#null() : "throw NOT_CANONICAL"}`,
        ]
      : plan.wrapper
        ? ["const s = w.at", this.#field(plan.fields[0]!, ""), "if (w.at === s) throw NOT_CANONICAL"]
        : [
            'const s = w.open("object")',
            ...plan.fields.map((field) =>
              this.#field(field, `w.key(${this.#constant(`${JSON.stringify(field.name)}:`)}); `),
            ),
            'w.close("object", s)',
          ]
    return `let t = r.tag(end), e, p
  ${lines.join("\n  ")}
  if (t !== 0 || r.at !== end) throw NOT_CANONICAL`
  }

  /** Statements that write a property if there is one; `t` is the next tag. */
  #field(field: FieldPlan, key: string): string {
    const companion =
      field.presence === undefined
        ? ""
        : `p = 0; if (t === ${(field.presence << 3) >>> 0}) { p = r.varint(end); t = r.tag(end) } `
    const absent = this.#absent(field, key)
    return `${companion}${this.#present(field, key)}${absent && ` else { ${absent} }`}`
  }

  /** An if statement that writes a property whose field comes next. */
  #present(field: FieldPlan, key: string): string {
    const { number, shape, value } = field
    const tag = (type: number) => `t === ${((number << 3) | type) >>> 0}`
    const next = "t = r.tag(end)"
    const wire = wireTypeOf(value)
    if (shape === "map") return this.#map(field, key, tag(2))
    if (shape === "single") return `if (${tag(wire)}) { ${key}${this.#value(value, "end")}; ${next} }`
    const one = `{ ${this.#value(value, "end")}; ${next} }`
    if (wire === 2)
      return `if (${tag(2)}) { ${key}const l = w.open("array"); do ${one} while (${tag(2)}); w.close("array", l) }`
    return `if (${tag(2)}) { ${key}const l = w.open("array"); e = r.end(end); if (r.at === e) throw NOT_CANONICAL; while (r.at < e) { ${this.#value(value, "e")} } w.close("array", l); ${next} }`
  }

  #map({ name, value, number }: FieldPlan, key: string, test: string): string {
    const valueTag = ((2 << 3) | wireTypeOf(value)) >>> 0
    return `if (${test}) {
    ${key}const l = w.open("object"), q = w.beginKeys()
    do {
      const f = r.end(end)
      if (r.tag(f) !== 10) throw NOT_CANONICAL
      const a = w.at
      w.string(r, f)
      w.once(q, a)
      w.colon()
      const v = r.tag(f)
      if (v === ${valueTag}) { ${this.#value(value, "f")} } else if (v === 0) { ${this.#default(name, value, "")} } else throw NOT_CANONICAL
      if (r.at !== f) throw NOT_CANONICAL
      t = r.tag(end)
    } while (t === ${((number << 3) | 2) >>> 0})
    w.endKeys(q)
    w.close("object", l)
  }`
  }

  /** Statements that write the value that comes next. */
  #value(value: ValuePlan, end: string): string {
    switch (value.kind) {
      case "date":
        return `w.string(r, ${end})`
      case "bigint":
        return `w.text(h.bigintJson(r.string(${end})))`
      case "json":
        return `w.text(h.checkedJson(r.string(${end})))`
      case "null":
        return `r.varint(${end}); ${this.#null()}`
      case "enum":
        this.#texts.push(
          new Map([...value.texts].map(([number, text]) => [number, new ShortText(JSON.stringify(text))])),
        )
        return `w.value(h.literal(texts[${this.#texts.length - 1}], r.varint(${end})))`
      case "message":
        return `{ const e = r.end(${end}); ${this.#functions.nameOf(value.desc)}(e, d + 1) }`
      case "scalar":
        if (value.scalar === ScalarType.BOOL)
          return `w.value(r.bool(${end}) ? ${this.#constant("true")} : ${this.#constant("false")})`
        if (value.scalar === ScalarType.STRING) return `w.string(r, ${end})`
        return `w.number(${readNumber(value.scalar, end)})`
    }
  }

  #null(): string {
    return `w.value(${this.#constant("null")})`
  }

  /** Statements for a field that is not on the wire; none when there is no property then. */
  #absent(field: FieldPlan, key: string): string {
    const write = (text: string) => `${key}w.value(${this.#constant(text)})`
    const { shape, value, optional, nullable, presence } = field
    const none = optional ? "" : write("null")
    if (shape !== "single") {
      const empty = write(shape === "list" ? "[]" : "{}")
      if (presence === undefined) return empty
      return `if (p === 2) { ${empty} } else if (p === 1) { ${write("null")} }${none && ` else { ${none} }`}`
    }
    if (!optional && !nullable) return this.#default(field.name, value, key)
    if (presence !== undefined) return `if (p === 1) { ${write("null")} }${none && ` else { ${none} }`}`
    return none
  }

  /** What a required property is whose field is not on the wire. */
  #default(name: string, value: ValuePlan, key: string): string {
    if (value.kind === "message") return `${key}${this.#functions.nameOf(value.desc)}(r.at, d + 1)`
    if (value.kind !== "scalar") return `h.missing(${JSON.stringify(name)})`
    const text = value.scalar === ScalarType.STRING ? '""' : value.scalar === ScalarType.BOOL ? "false" : "0"
    return `${key}w.value(${this.#constant(text)})`
  }
}
