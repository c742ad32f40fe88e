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

/** A required property that has no default is absent. */
export function missing(name: string): never {
  throw new CodecError("not_convertible", `the field of "${name}" is absent`)
}

/** None of the fields is set of which one has to be: a response without body, a union without value. */
export function noBody(): CodecError {
  return new CodecError("not_convertible", "none of the fields is set of which one has to be")
}
