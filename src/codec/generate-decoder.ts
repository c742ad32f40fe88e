/**
 * Writes the source of a decoder: bytes to a JavaScript value, or to JSON text without any object between.
 *
 * @module
 */
import { type DescMessage, ScalarType } from "@bufbuild/protobuf"
import { MAX_DEPTH } from "./codec-error.ts"
import { MessageFunctions } from "./message-functions.ts"
import { type FieldPlan, type MessagePlan, type ValuePlan, wireTypeOf } from "./plan.ts"

/** What the source of {@link generateDecoder} needs by name. */
export interface DecoderSource {
  /** Function body. Parameters: `Reader`, `h` (decode-value.ts), `texts` and `sets`. Returns `(bytes) => value or text`. */
  source: string
  /** Number to literal (or to its JSON text) by enum. */
  texts: Map<number, string>[]
  /** Known keys (or their JSON text) by message that has room for others. */
  sets: Set<string>[]
}

/** Generates the decoder of a message and of those in it. */
export function generateDecoder(root: DescMessage, target: "value" | "json"): DecoderSource {
  return new DecoderGenerator(target === "json").generate(root)
}

class DecoderGenerator {
  readonly #json: boolean
  readonly #functions = new MessageFunctions()
  readonly #texts: Map<number, string>[] = []
  readonly #sets: Set<string>[] = []

  constructor(json: boolean) {
    this.#json = json
  }

  generate(root: DescMessage): DecoderSource {
    const name = this.#functions.nameOf(root)
    const functions = this.#functions.write((plan) => this.#message(plan))
    return {
      source: `"use strict"
let r
function inner(ranges, read, d) {
  const outer = r
  if (ranges.length === 2) {
    const { at } = outer
    outer.at = ranges[0]
    const value = read(ranges[1], d)
    outer.at = at
    return value
  }
  const parts = []
  for (let i = 0; i < ranges.length; i += 2) parts.push(outer.bytes.subarray(ranges[i], ranges[i + 1]))
  r = new Reader(Buffer.concat(parts))
  try { return read(r.bytes.length, d) } finally { r = outer }
}
${functions}
return (bytes) => {
  r = new Reader(bytes)
  try { return ${name}(bytes.length, 0) } finally { r = undefined }
}`,
      texts: this.#texts,
      sets: this.#sets,
    }
  }

  #message(plan: MessagePlan): string {
    const fields = plan.rest ? [...plan.fields, plan.rest] : plan.fields
    const variables = fields.flatMap(({ number, presence }) => [
      `f${number}`,
      `s${number}`,
      ...(presence === undefined ? [] : [`p${number} = 0`]),
    ])
    // Only the last one counts, as with every oneof.
    const isOneof = plan.response || plan.union
    const others = (field: FieldPlan) =>
      isOneof
        ? fields
            .filter((other) => other !== field)
            .map(({ number }) => `f${number} = s${number} = undefined; `)
        : []
    const cases = fields.flatMap((field) => [
      ...this.#cases(field, others(field).join("")),
      ...(field.presence === undefined
        ? []
        : [`case ${(field.presence << 3) >>> 0}: p${field.number} = r.varint(end); continue`]),
    ])
    const messages = fields
      .filter((field) => field.shape === "single" && field.value.kind === "message")
      .map(({ number, value }) => {
        const read = this.#functions.nameOf((value as { desc: DescMessage }).desc)
        return `if (s${number} !== undefined) f${number} = inner(s${number}, ${read}, d + 1)`
      })
    return `function ${this.#functions.nameOf(plan.desc)}(end, d) {
  if (d > ${MAX_DEPTH}) throw h.tooDeep()
  ${variables.length > 0 ? `let ${variables.join(", ")}` : ""}
  while (r.at < end) {
    let t = r.bytes[r.at]
    if (t < 128) r.at++
    else t = r.varint(end)
    switch (t) {
      ${cases.join("\n      ")}
    }
    r.skip(t, end, ${MAX_DEPTH} - d)
  }
  ${messages.join("\n  ")}
  ${this.#result(plan)}
}`
  }

  #result(plan: MessagePlan): string {
    if (plan.response || plan.union) return this.#oneof(plan)
    if (plan.tuple) return this.#tuple(plan)
    return plan.wrapper ? this.#wrapper(plan) : this.#object(plan)
  }

  /** The cases that read a field. */
  #cases(field: FieldPlan, reset: string): string[] {
    const { number, value } = field
    const f = `f${number}`
    const wire = wireTypeOf(value)
    const tag = (type: number) => `case ${((number << 3) | type) >>> 0}:`
    if (field.shape === "map") return [`${tag(2)} { ${this.#mapEntry(field)} continue }`]
    if (field.shape === "single") {
      if (value.kind !== "message")
        return [`${tag(wire)} ${reset}${f} = ${this.#read(value, "end")}; continue`]
      // Only where it lies: further occurrences are merged with it, and a message read for each of them would be
      // read 2^n times when it is n levels deep.
      return [
        `${tag(2)} { ${reset}const e = r.end(end); if (s${number} === undefined) s${number} = [r.at, e]; else s${number}.push(r.at, e); r.at = e; continue }`,
      ]
    }
    const add = (read: string) =>
      this.#json
        ? `${f} = ${f} === undefined ? ${read} : ${f} + "," + ${read}`
        : `(${f} ??= []).push(${read})`
    if (value.kind === "message") {
      return [
        `${tag(2)} { const e = r.end(end); ${add(`${this.#functions.nameOf(value.desc)}(e, d + 1)`)}; continue }`,
      ]
    }
    const single = `${tag(wire)} ${add(this.#read(value, "end"))}; continue`
    if (wire === 2) return [single]
    return [
      single,
      `${tag(2)} { const e = r.end(end); while (r.at < e) { ${add(this.#read(value, "e"))} } continue }`,
    ]
  }

  #mapEntry(field: FieldPlan): string {
    const { number, value } = field
    const read =
      value.kind === "message"
        ? `{ const e2 = r.end(e); v = ${this.#functions.nameOf(value.desc)}(e2, d + 1) }`
        : `v = ${this.#read(value, "e")}`
    const none =
      value.kind === "message"
        ? `${this.#functions.nameOf(value.desc)}(r.at, d + 1)`
        : this.#defaultOf(value, field.name)
    const put = this.#json
      ? `(f${number} ??= new Map()).set(k, v)`
      : `f${number} ??= {}; if (k === "__proto__") Object.defineProperty(f${number}, k, { value: v, enumerable: true, configurable: true, writable: true }); else f${number}[k] = v`
    const valueTag = ((2 << 3) | wireTypeOf(value)) >>> 0
    return `const e = r.end(end); let k = ${this.#json ? `'""'` : '""'}, v
        while (r.at < e) {
          const t = r.varint(e)
          if (t === 10) k = ${this.#json ? "r.jsonString(e)" : "r.string(e)"}
          else if (t === ${valueTag}) ${read}
          else r.skip(t, e, ${MAX_DEPTH} - d)
        }
        if (v === undefined) v = ${none};
        ${put};`
  }

  /** An expression that reads a value that is no message. */
  #read(value: ValuePlan, end: string): string {
    const json = this.#json
    switch (value.kind) {
      case "date":
        return json ? `r.jsonString(${end})` : `h.date(r.string(${end}))`
      case "bigint":
        return `h.${json ? "bigintJson" : "bigint"}(r.string(${end}))`
      case "json":
        return json ? `h.checkedJson(r.string(${end}))` : `h.parsedJson(r.string(${end}))`
      case "null":
        return `(r.varint(${end}), ${json ? '"null"' : "null"})`
      case "enum": {
        const texts = json
          ? new Map([...value.texts].map(([number, text]) => [number, JSON.stringify(text)]))
          : value.texts
        this.#texts.push(texts)
        return `h.literal(texts[${this.#texts.length - 1}], r.varint(${end}))`
      }
      case "scalar":
        if (value.scalar === ScalarType.BOOL) return json ? `"" + r.bool(${end})` : `r.bool(${end})`
        if (value.scalar === ScalarType.STRING) return json ? `r.jsonString(${end})` : `r.string(${end})`
        return json ? `h.number(${readNumber(value.scalar, end)})` : readNumber(value.scalar, end)
      case "message":
        throw new TypeError("a message is read by its own function")
    }
  }

  /** What a required field is when it is absent on the wire. */
  #defaultOf(value: ValuePlan, name: string): string {
    const json = this.#json
    if (value.kind === "message") return `${this.#functions.nameOf(value.desc)}(r.at, d + 1)`
    if (value.kind === "scalar") {
      if (value.scalar === ScalarType.STRING) return json ? `'""'` : '""'
      const none = value.scalar === ScalarType.BOOL ? "false" : "0"
      return json ? `"${none}"` : none
    }
    return `h.missing(${JSON.stringify(name)})`
  }

  /** Statements that put the value of a field, absent or not, into its variable; undefined means no property. */
  #settle(field: FieldPlan): string {
    const f = `f${field.number}`
    const nothing = this.#json ? '"null"' : "null"
    const none = field.optional ? "undefined" : nothing
    if (field.shape !== "single") {
      const json = this.#json
      const empty = json ? (field.shape === "list" ? '"[]"' : '"{}"') : field.shape === "list" ? "[]" : "{}"
      const present = json
        ? `${f} = ${field.shape === "list" ? `"[" + ${f} + "]"` : `h.jsonMap(${f})`}; else `
        : ""
      const test = json ? `if (${f} !== undefined) ${present}` : `if (${f} === undefined) `
      if (field.presence === undefined) return `${test}${f} = ${empty}`
      const p = `p${field.number}`
      return `${test}${f} = ${p} === 2 ? ${empty} : ${p} === 1 ? ${nothing} : ${none}`
    }
    if (!field.optional && !field.nullable) {
      return `if (${f} === undefined) ${f} = ${this.#defaultOf(field.value, field.name)}`
    }
    if (field.presence !== undefined)
      return `if (${f} === undefined && p${field.number} === 1) ${f} = ${nothing}`
    return field.optional ? "" : `if (${f} === undefined) ${f} = ${nothing}`
  }

  #oneof({ fields, json }: MessagePlan): string {
    const returns = fields.map((field) => `if (f${field.number} !== undefined) return f${field.number}`)
    const none = this.#json ? 'return "null"' : "return null"
    return `${returns.join("\n  ")}\n  ${json ? none : "throw h.noBody()"}`
  }

  #wrapper({ fields }: MessagePlan): string {
    return `${this.#settle(fields[0]!)}\n  return f${fields[0]!.number}`
  }

  #object({ fields, rest }: MessagePlan): string {
    const json = this.#json
    const lines = fields.map((field) => this.#settle(field)).join("\n  ")
    if (!rest) return `${lines}\n  ${json ? `${jsonObject(fields)}\n  return o + "}"` : plainObject(fields)}`
    this.#sets.push(new Set(fields.map(({ name }) => (json ? JSON.stringify(name) : name))))
    const others = `f${rest.number}, sets[${this.#sets.length - 1}])`
    return json
      ? `${lines}\n  ${jsonObject(fields)}\n  return h.restJson(o, ${others}`
      : `${lines}\n  return h.addRest((() => { ${plainObject(fields)} })(), ${others}`
  }

  #tuple({ fields, rest }: MessagePlan): string {
    const values = fields.map(({ number }) => `f${number}`).join(", ")
    const required = fields.filter((field) => !field.optional).length
    const make = this.#json ? "h.tupleJson" : "h.tuple"
    const more = rest ? `f${rest.number}` : "undefined"
    return `${fields.map((field) => this.#settle(field)).join("\n  ")}\n  return ${make}([${values}], ${required}, ${more})`
  }
}

/** An expression that reads a number. */
export function readNumber(scalar: ScalarType, end: string): string {
  switch (scalar) {
    case ScalarType.DOUBLE:
      return `r.double(${end})`
    case ScalarType.FLOAT:
      return `r.float(${end})`
    case ScalarType.INT32:
      return `(r.varint(${end}) | 0)`
    case ScalarType.UINT32:
      return `r.varint(${end})`
    default:
      return `r.integer(${end}, ${scalar === ScalarType.INT64})`
  }
}

function plainObject(fields: FieldPlan[]): string {
  const required = fields.filter((field) => !field.optional)
  const optional = fields.filter((field) => field.optional)
  const key = ({ name }: FieldPlan) => (name === "__proto__" ? '["__proto__"]' : JSON.stringify(name))
  const object = `{ ${required.map((field) => `${key(field)}: f${field.number}`).join(", ")} }`
  if (optional.length === 0) return `return ${object}`
  const set = optional.map((field) =>
    field.name === "__proto__"
      ? `if (f${field.number} !== undefined) Object.defineProperty(o, "__proto__", { value: f${field.number}, enumerable: true, configurable: true, writable: true })`
      : `if (f${field.number} !== undefined) o[${JSON.stringify(field.name)}] = f${field.number}`,
  )
  return `const o = ${object}\n  ${set.join("\n  ")}\n  return o`
}

/** Statements that write an object without its end to `o`. */
function jsonObject(fields: FieldPlan[]): string {
  // Once a property is certain to be there, the following ones are certain to need a comma.
  let certain = false
  const lines = ['let o = "{", c = ""']
  for (const { name, number, optional } of fields) {
    const key = `${JSON.stringify(name)}:`
    if (optional) {
      const head = certain ? JSON.stringify(`,${key}`) : `c + ${JSON.stringify(key)}`
      lines.push(`if (f${number} !== undefined) { o += ${head} + f${number}; ${certain ? "" : 'c = ","'} }`)
    } else {
      lines.push(`o += ${certain ? JSON.stringify(`,${key}`) : `c + ${JSON.stringify(key)}`} + f${number}`)
      certain = true
    }
  }
  return lines.join("\n  ")
}
