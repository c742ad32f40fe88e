import { types } from "node:util"
import { MAX_BIGINT_DIGITS } from "./decode-value.ts"
import { MISFIT } from "./writer.ts"

/**
 * What JSON.stringify would look at instead of a value: the result of its `toJSON`, and undefined for what JSON leaves
 * out (functions and symbols).
 */
export function jsonValue(value: unknown, key: string): unknown {
  if (typeof value === "object" && value !== null) {
    const { toJSON } = value as { toJSON?: unknown }
    return typeof toJSON === "function" ? jsonValueOfResult(toJSON.call(value, key)) : value
  }
  if (typeof value === "function" || typeof value === "symbol") return undefined
  return value
}

/** What stands in an object's place in JSON; with a `toJSON` of its own, it is JSON.stringify's business. */
export function settledValue(value: object): unknown {
  const settled = jsonValue(value, "")
  if (settled === value || typeof settled !== "object" || settled === null) return settled
  if (typeof (settled as { toJSON?: unknown }).toJSON === "function") throw MISFIT
  return settled
}

function jsonValueOfResult(value: unknown): unknown {
  return typeof value === "function" || typeof value === "symbol" ? undefined : value
}

/**
 * Checks the keys of an object when their number is not that of the properties written, or its prototype is unusual.
 * Throws {@link MISFIT} at a key that is not known and that JSON would write.
 */
export function checkKeys(value: object, known: Set<string>): void {
  if (isBoxed(value) || unknownKey(value, known) !== undefined) throw MISFIT
}

/** As {@link checkKeys}, for an object that may have other properties too. */
export function checkOpen(value: object, known: Set<string>): void {
  if (isBoxed(value) || hiddenKey(value, known) !== undefined) throw MISFIT
}

/** An object that JSON.stringify writes as the primitive in it (or, where there is JSON.rawJSON, as its text). */
export function isBoxed(value: object): boolean {
  const { isRawJSON } = JSON as { isRawJSON?: (value: unknown) => boolean }
  return types.isBoxedPrimitive(value) || (isRawJSON?.(value) ?? false)
}

/** The first own key that JSON would write but the type doesn't have, or a known one that JSON would not see. */
export function unknownKey(value: object, known: Set<string>): string | undefined {
  for (const key of Object.keys(value)) {
    if (!known.has(key) && jsonValue((value as Record<string, unknown>)[key], key) !== undefined) return key
  }
  return hiddenKey(value, known)
}

/** A known key that JSON would not see. */
export function hiddenKey(value: object, known: Set<string>): string | undefined {
  for (const key of known) {
    if (key in value && !Object.prototype.propertyIsEnumerable.call(value, key) && !(key in Object.prototype))
      return key
  }
  return undefined
}

/** A property, own if its name is also one of Object.prototype's. */
export function ownValue(value: object, key: string): unknown {
  return Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined
}

/** JSON text of a value whose type has no mapping; undefined when JSON leaves it out. */
export function jsonText(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    throw MISFIT
  }
}

/** A Date itself where the type has one; everything else as JSON sees it. */
export function dateValue(value: unknown, key: string): unknown {
  return value instanceof Date ? value : jsonValue(value, key)
}

/** Digits of a bigint in a request. Throws {@link MISFIT} for anything else, and for one that is too long to be read. */
export function bigintText(value: unknown): string {
  if (typeof value !== "bigint") throw MISFIT
  const text = `${value}`
  if (text.length > MAX_BIGINT_DIGITS) throw MISFIT
  return text
}

/** Text of a Date in a request. Throws {@link MISFIT} for anything else. */
export function dateText(value: unknown): string {
  if (!(value instanceof Date) || Number.isNaN(value.getTime())) throw MISFIT
  return value.toISOString()
}
