/**
 * Writes the source of an encoder: JavaScript value to bytes, checking on the way that the value is what the message
 * can carry.
 *
 * @module
 */
import { type DescMessage, ScalarType } from "@bufbuild/protobuf"
import { MAX_DEPTH } from "./codec-error.ts"
import { MessageFunctions } from "./message-functions.ts"
import { type FieldPlan, type MessagePlan, planOf, takesNull, type ValuePlan, wireTypeOf } from "./plan.ts"
import { type Discriminant, discriminantOf, type JsType, typeOfScalar, typesOf } from "./union.ts"

/** What the source of {@link generateEncoder} needs by name. */
export interface EncoderSource {
  /**
   * Function body. Parameters: `w` (Writer), `MISFIT`, `h` (json-value.ts), `sets` and `maps`. Returns
   * `{ encode(value), bodies: { [status]: (value) => void } }`.
   */
  source: string
  /** Known keys by message. */
  sets: Set<string>[]
  /** Literal to number by enum. */
  maps: Map<string, number>[]
}

/** Generates the encoder of a message and of those in it. */
export function generateEncoder(root: DescMessage): EncoderSource {
  return new EncoderGenerator().generate(root)
}

class EncoderGenerator {
  readonly #functions = new MessageFunctions()
  readonly #sets: Set<string>[] = []
  readonly #maps: Map<string, number>[] = []

  generate(root: DescMessage): EncoderSource {
    const plan = planOf(root)
    const encode = plan.response ? "null" : this.#functions.nameOf(root)
    const bodies = plan.response
      ? plan.fields.map(
          (field) =>
            `${field.status}: (x) => { ${element(field.value, "x", '""')} ${this.#write(field, "x", "0")} }`,
        )
      : []
    const functions = this.#functions.write((plan) => this.#message(plan))
    return {
      source: `"use strict"\n${functions}\nreturn { encode: ${encode}, bodies: { ${bodies.join(", ")} } }`,
      sets: this.#sets,
      maps: this.#maps,
    }
  }

  #message(plan: MessagePlan): string {
    const name = this.#functions.nameOf(plan.desc)
    if (plan.json) return this.#json(plan)
    if (plan.union) return this.#union(plan)
    if (plan.tuple) return this.#tuple(plan)
    if (plan.wrapper) return `function ${name}(v, d) { let x = v, n = 0; ${this.#field(plan.fields[0]!)} }`
    this.#sets.push(new Set(plan.fields.map((field) => field.name)))
    const set = `sets[${this.#sets.length - 1}]`
    const others = plan.rest
      ? `h.checkOpen(v, ${set});
  ${this.#map(plan.rest, "v", "d + 1", set)}`
      : `for (const k in v) {
    ${plan.fields.length === 0 ? "n = NaN" : `switch (k) { ${knownCases(plan)} n--; break; default: n = NaN }`}
  }
  const p = Object.getPrototypeOf(v)
  if (n !== 0 || (p !== Object.prototype && p !== null)) h.checkKeys(v, ${set})`
    return `function ${name}(v, d) {
  if (typeof v !== "object" || v === null || d > ${MAX_DEPTH}) throw MISFIT
  if (typeof v.toJSON === "function") {
    v = h.jsonValue(v, "")
    if (typeof v !== "object" || v === null) throw MISFIT
  }
  if (Array.isArray(v)) throw MISFIT
  let n = 0, x
  ${plan.fields.map((field) => `x = ${access(field.name)}\n  ${this.#field(field)}`).join("\n  ")}
  ${others}
}`
  }

  #tuple({ desc, fields, rest }: MessagePlan): string {
    const required = fields.filter((field) => !field.optional).length
    const elements = fields.map((field, i) => `if (l > ${i}) { x = v[${i}]; ${this.#field(field, true)} }`)
    const more = rest
      ? `if (l > ${fields.length}) { const y = v.slice(${fields.length}); ${this.#write(rest, "y", "d + 1")} }`
      : `if (l > ${fields.length}) throw MISFIT`
    return `function ${this.#functions.nameOf(desc)}(v, d) {
  if (d > ${MAX_DEPTH}) throw MISFIT
  if (!Array.isArray(v) || typeof v.toJSON === "function") {
    v = typeof v === "object" && v !== null ? h.settledValue(v) : v
    if (!Array.isArray(v)) throw MISFIT
  }
  const l = v.length
  if (l < ${required}) throw MISFIT
  let n = 0, x
  ${elements.join("\n  ")}
  ${more}
}`
  }

  /** What the value is tells the member. A number that JSON has no text for is null there. */
  #json({ desc, fields }: MessagePlan): string {
    const [none, number, text, flag, object, list] = fields.map((field) => this.#write(field, "x", "d + 1"))
    return `function ${this.#functions.nameOf(desc)}(v, d) {
  if (d > ${MAX_DEPTH}) throw MISFIT
  const x = typeof v === "object" && v !== null ? h.settledValue(v) : v
  switch (typeof x) {
    case "string": ${text} return
    case "number": if (Number.isFinite(x)) { ${number} } else { ${none} } return
    case "boolean": ${flag} return
    case "object": if (x === null) { ${none} } else if (Array.isArray(x)) { ${list} } else { ${object} } return
    default: throw MISFIT
  }
}`
  }

  /** Takes the first member that the value fits. */
  #union(plan: MessagePlan): string {
    const members = plan.fields.map((field) => ({ field, types: typesOf(field.value) }))
    const of = (type: JsType) => members.filter(({ types }) => types.has(type)).map(({ field }) => field)
    const cases = (["string", "number", "boolean", "object"] as const).flatMap((type) => {
      const fields = of(type)
      if (fields.length === 0) return []
      const byText = type === "object" ? discriminantOf(fields) : undefined
      return [`case "${type}": ${byText ? this.#byDiscriminant(byText) : this.#tries(fields)}`]
    })
    return `function ${this.#functions.nameOf(plan.desc)}(v, d) {
  if (d > ${MAX_DEPTH} || v === null) throw MISFIT
  const x = typeof v === "object" ? h.settledValue(v) : v
  if (x === null) throw MISFIT
  switch (typeof x) {
    ${cases.join("\n    ")}
    default: throw MISFIT
  }
}`
  }

  #byDiscriminant({ property, members }: Discriminant): string {
    const cases = members.flatMap(({ field, texts }) => [
      ...texts.map((text) => `case ${JSON.stringify(text)}:`),
      `${this.#write(field, "x", "d + 1")} return;`,
    ])
    return `switch (${access(property, "x")}) { ${cases.join(" ")} default: throw MISFIT }`
  }

  #tries(fields: readonly FieldPlan[]): string {
    const tries = fields
      .slice(0, -1)
      .map(
        (field) =>
          `try { ${this.#write(field, "x", "d + 1")} return } catch (e) { if (e !== MISFIT) throw e; w.retry(at) }`,
      )
    return `{ const at = w.at; ${tries.join(" ")} ${this.#write(fields.at(-1)!, "x", "d + 1")} return }`
  }

  /** Writes the property whose value is in `x`; in an array, what JSON leaves out of objects is null. */
  #field(field: FieldPlan, inArray = false): string {
    const key = JSON.stringify(field.name)
    const companion = (value: number) =>
      field.presence === undefined ? "" : `${tag(field.presence, 0)} w.byte(${value})`
    // A null without a companion is what an absent field means.
    const whenNull = field.nullable
      ? `n++; ${field.optional || isCollection(field) ? companion(1) : ""}`
      : isNullItself(field)
        ? `n++; ${this.#present(field, "")}`
        : "throw MISFIT"
    const whenUndefined = field.optional ? "" : "throw MISFIT"
    const none = field.shape === "single" && field.value.kind === "json" ? '"null"' : "null"
    const settle = inArray ? `if (x === undefined) x = ${none}; ` : ""
    return `${normaliser(field, key)}${settle}if (x === undefined) { ${whenUndefined} } else if (x === null) { ${whenNull} } else { n++; ${this.#present(field, companion(2))} }`
  }

  #present(field: FieldPlan, empty: string): string {
    if (field.shape === "list")
      return `if (x.length === 0) { ${empty} } else { ${this.#write(field, "x", "d + 1")} }`
    if (field.shape === "map") return `if (!${this.#map(field, "x", "d + 1")}) { ${empty} }`
    const write = this.#write(field, "x", "d + 1")
    if (field.explicit || field.value.kind !== "scalar") return write
    switch (typeOfScalar(field.value.scalar)) {
      case "number":
        return `if (typeof x !== "number") throw MISFIT; if (x !== 0 || 1 / x < 0) { ${write} }`
      case "boolean":
        return `if (x !== false) { ${write} }`
      default:
        return `if (x !== "") { ${write} }`
    }
  }

  #write(field: FieldPlan, x: string, depth: string): string {
    if (field.shape === "map") return `${this.#map(field, x, depth)};`
    if (field.shape === "single") return `${this.#value(field.value, field.number, x, depth)}`
    const head = `if (!Array.isArray(${x})) throw MISFIT;`
    if (field.value.kind === "scalar" && field.value.scalar === ScalarType.DOUBLE) {
      return `${head} { ${tag(field.number, 2)} const l = ${x}.length; w.varint(8 * l); for (let i = 0; i < l; i++) { const e = ${x}[i]; if (typeof e !== "number") throw MISFIT; w.double(e) } }`
    }
    if (wireTypeOf(field.value) !== 2) {
      return `${head} { ${tag(field.number, 2)} const s = w.begin(); for (let i = 0; i < ${x}.length; i++) { const e = ${x}[i]; ${this.#bare(field.value, "e", depth)} } w.end(s) }`
    }
    // A message calls toJSON itself; what JSON leaves out of an object is null in an array.
    const normalise =
      field.value.kind !== "message"
        ? element(field.value, "e", '"" + i')
        : takesNull(field.value)
          ? `if (e === undefined || typeof e === "function" || typeof e === "symbol") e = null; `
          : ""
    return `${head} for (let i = 0; i < ${x}.length; i++) { let e = ${x}[i]; ${normalise}${this.#value(field.value, field.number, "e", depth)} }`
  }

  /** An expression that is true when anything was written. */
  #map(field: FieldPlan, x: string, depth: string, known?: string): string {
    return `((x) => {
    if (typeof x !== "object" || x === null || Array.isArray(x)) throw MISFIT
    if (Object.getPrototypeOf(x) !== Object.prototype && h.isBoxed(x)) throw MISFIT
    let any = false
    for (const k of Object.keys(x)) {
      ${known === undefined ? "" : `if (${known}.has(k)) continue`}
      const e = ${field.value.kind === "json" ? "h.jsonText(x[k])" : field.value.kind === "date" ? "h.dateValue(x[k], k)" : "h.jsonValue(x[k], k)"}
      if (e === undefined) continue
      any = true
      ${tag(field.number, 2)} const s = w.begin()
      w.byte(10); w.string(k)
      ${this.#value(field.value, 2, "e", depth)}
      w.end(s)
    }
    return any
  })(${x})`
  }

  /** Tag and value. */
  #value(value: ValuePlan, number: number, x: string, depth: string): string {
    const wire = wireTypeOf(value)
    if (value.kind === "scalar" && value.scalar === ScalarType.DOUBLE && number < 16) {
      return `if (typeof ${x} !== "number") throw MISFIT; w.taggedDouble(${(number << 3) | 1}, ${x});`
    }
    return `${tag(number, wire)} ${this.#bare(value, x, depth)}`
  }

  /** The value alone. */
  #bare(value: ValuePlan, x: string, depth: string): string {
    switch (value.kind) {
      case "date":
        return `w.string(h.dateText(${x}));`
      case "bigint":
        return `w.string(h.bigintText(${x}));`
      case "json":
        return `w.string(${x});`
      case "null":
        return "w.byte(0);"
      case "enum": {
        this.#maps.push(new Map([...value.texts].map(([number, text]) => [text, number])))
        return `{ const l = maps[${this.#maps.length - 1}].get(${x}); if (l === undefined) throw MISFIT; w.varint(l) }`
      }
      case "message":
        return `{ const s = w.begin(); ${this.#functions.nameOf(value.desc)}(${x}, ${depth}); w.end(s) }`
      case "scalar":
        if (value.scalar === ScalarType.DOUBLE)
          return `if (typeof ${x} !== "number") throw MISFIT; w.double(${x});`
        if (value.scalar === ScalarType.BOOL) {
          return `if (typeof ${x} !== "boolean") throw MISFIT; w.byte(${x} ? 1 : 0);`
        }
        if (value.scalar === ScalarType.STRING) {
          return `if (typeof ${x} !== "string") throw MISFIT; w.string(${x});`
        }
        if (value.scalar === ScalarType.FLOAT) {
          return `if (typeof ${x} !== "number" || (Math.fround(${x}) !== ${x} && ${x} === ${x})) throw MISFIT; w.float(${x});`
        }
        return `if (typeof ${x} !== "number" || !(${integerTest(value.scalar, x)})) throw MISFIT; w.integer(${x});`
    }
  }
}

/** Whether a number is one of an integer type, which has no sign of zero. */
function integerTest(scalar: ScalarType, x: string): string {
  switch (scalar) {
    case ScalarType.INT32:
      return `(${x} | 0) === ${x}`
    case ScalarType.UINT32:
      return `(${x} >>> 0) === ${x}`
    case ScalarType.UINT64:
      return `Number.isSafeInteger(${x}) && ${x} >= 0`
    default:
      return `Number.isSafeInteger(${x})`
  }
}

/** Whether what may be null is up to the message itself: a validated body, say. */
function isNullItself({ shape, value }: FieldPlan): boolean {
  return shape === "single" && value.kind === "message" && takesNull(value)
}

function isCollection(field: FieldPlan): boolean {
  return field.shape !== "single"
}

/** Statements that put one value in a variable as the interpreter's `element` and `leftOut` see it. */
function element(value: ValuePlan, x: string, key: string): string {
  if (value.kind === "json") return `${x} = h.jsonText(${x}) ?? "null"; `
  if (value.kind === "date") return `${x} = h.dateValue(${x}, ${key}); `
  return `if (typeof ${x} !== "string") ${x} = h.jsonValue(${x}, ${key}); `
}

function normaliser(field: FieldPlan, key: string): string {
  if (field.shape === "single" && field.value.kind === "json") return "x = h.jsonText(x); "
  if (field.shape === "single" && field.value.kind === "date") return `x = h.dateValue(x, ${key}); `
  const expected =
    field.shape !== "single" || field.value.kind === "message"
      ? "object"
      : field.value.kind === "scalar"
        ? typeOfScalar(field.value.scalar)
        : field.value.kind === "bigint"
          ? "bigint"
          : "string"
  // A message calls toJSON itself, where it checks the object anyway.
  if (expected === "object" && field.shape === "single") {
    return `if (typeof x === "function" || typeof x === "symbol") x = undefined; `
  }
  if (field.shape === "list")
    return `if (!Array.isArray(x) || typeof x.toJSON === "function") { x = h.jsonValue(x, ${key}); if (x !== undefined && x !== null && !Array.isArray(x)) throw MISFIT } `
  return `if (typeof x !== "${expected}"${expected === "object" ? ' || (x !== null && typeof x.toJSON === "function")' : ""}) x = h.jsonValue(x, ${key}); `
}

function knownCases({ fields }: MessagePlan): string {
  return fields.map(({ name }) => `case ${JSON.stringify(name)}:`).join(" ")
}

function access(name: string, object = "v"): string {
  const key = JSON.stringify(name)
  return name in Object.prototype ? `h.ownValue(${object}, ${key})` : `${object}[${key}]`
}

/** Statements that write a tag. */
function tag(number: number, wire: number): string {
  const value = ((number << 3) | wire) >>> 0
  return value < 0x80 ? `w.byte(${value});` : `w.varint(${value});`
}
