/**
 * What generated decoders call for values that are more than a read.
 *
 * @module
 */
import { CodecError } from "./codec-error.ts"

export { tooDeep } from "./reader.ts"

/** The literal of an enum's number. */
export function literal(texts: Map<number, string>, number: number): string {
  const text = texts.get(number)
  if (text === undefined) throw new CodecError("not_convertible", `no literal has the number ${number}`)
  return text
}

/** A number as JSON text; what JSON has no text for becomes null, as JSON.stringify does it. */
export function number(value: number): string {
  return Number.isFinite(value) ? `${value}` : "null"
}

/** A Date of its ISO 8601 text. */
export function date(text: string): Date {
  const value = new Date(text)
  if (Number.isNaN(value.getTime())) throw new CodecError("not_convertible", "a date is not valid")
  return value
}

/** Longest text of a bigint: the time to read one grows with the square. */
export const MAX_BIGINT_DIGITS = 4096

/** A bigint of its decimal digits. */
export function bigint(text: string): bigint {
  if (text.length > MAX_BIGINT_DIGITS || !/^-?[0-9]+$/.test(text)) {
    throw new CodecError("not_convertible", "a bigint is no number, or too long")
  }
  return BigInt(text)
}

/** Digits that have been found to be a bigint's, as JSON text. */
export function bigintJson(text: string): string {
  return `"${bigint(text)}"`
}

/** The value of JSON text. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new CodecError("not_convertible", "a field for JSON text has other text", { cause })
  }
}

/** JSON text that has been found to be JSON: it comes from elsewhere and goes into our own. */
export function checkedJson(text: string): string {
  parsedJson(text)
  return text
}

/** JSON text of a map's entries, which are JSON text already. */
export function jsonMap(entries: Map<string, string>): string {
  let text = "{"
  for (const [key, value] of entries) text += text.length > 1 ? `,${key}:${value}` : `${key}:${value}`
  return `${text}}`
}

/** Adds the properties that have no field of their own; one that has is not among them. */
export function addRest(
  target: Record<string, unknown>,
  rest: Record<string, unknown> | undefined,
  known: Set<string>,
): Record<string, unknown> {
  for (const key in rest) if (!known.has(key)) define(target, key, rest[key])
  return target
}

/** Sets a property, whatever its name is. */
export function define(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === "__proto__") {
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true })
  } else target[key] = value
}

/** As {@link addRest}, for JSON text of an object without its end; `known` are keys as JSON text. */
export function restJson(text: string, rest: Map<string, string> | undefined, known: Set<string>): string {
  let result = text
  for (const [key, value] of rest ?? []) {
    if (!known.has(key)) result += result.length > 1 ? `,${key}:${value}` : `${key}:${value}`
  }
  return `${result}}`
}

/** A tuple of all its fields, of which the last ones may be absent. */
export function tuple(fields: unknown[], required: number, rest: unknown[] | undefined): unknown[] {
  const values = tupleOf(fields, required, rest !== undefined, null)
  for (const value of rest ?? []) values.push(value)
  return values
}

/** As {@link tuple}, of JSON text; `rest` is that of several elements. */
export function tupleJson(
  fields: (string | undefined)[],
  required: number,
  rest: string | undefined,
): string {
  const texts = tupleOf(fields, required, rest !== undefined, "null")
  if (rest !== undefined) texts.push(rest)
  return `[${texts.join(",")}]`
}

/** Absent elements are no elements at the end, and null before others. */
function tupleOf<T>(fields: T[], required: number, more: boolean, none: T): T[] {
  let { length } = fields
  while (!more && length > required && fields[length - 1] === undefined) length--
  return fields.slice(0, length).map((value) => (value === undefined ? none : value))
}

/** A required property that has no default is absent. */
export function missing(name: string): never {
  throw new CodecError("not_convertible", `the field of "${name}" is absent`)
}

/** None of the fields is set of which one has to be: a response without body, a union without value. */
export function noBody(): CodecError {
  return new CodecError("not_convertible", "none of the fields is set of which one has to be")
}
