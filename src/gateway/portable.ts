const MAX_DEPTH = 64

/**
 * Why a value would not be the same after a trip through JSON, or undefined when it would.
 *
 * Plain objects, arrays, strings, finite numbers, booleans and null travel. Instances of classes (a Date, a
 * Map, a File), functions, symbols, bigints and non-finite numbers do not.
 *
 * @param typed - take a Date and a bigint as portable: the text is turned back where the schema has one
 */
export function whyNotPortable(value: unknown, typed = false, path = "", depth = 0): string | undefined {
  switch (typeof value) {
    case "string":
    case "boolean":
      return undefined
    case "number":
      return Number.isFinite(value) ? undefined : at(path, String(value))
    case "object":
      if (value === null) return undefined
      break
    case "bigint":
      return typed ? undefined : at(path, "bigint")
    case "undefined":
    case "function":
    case "symbol":
      return at(path, typeof value)
  }
  if (depth === MAX_DEPTH) return at(path, "nesting deeper than 64 levels")
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const reason = whyNotPortable(value[i], typed, `${path}[${i}]`, depth + 1)
      if (reason) return reason
    }
    return undefined
  }
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== null && prototype !== Object.prototype) {
    if (typed && value instanceof Date && Number.isFinite(value.getTime())) return undefined
    return at(path, prototype.constructor?.name || "object")
  }
  // What JSON.stringify would do with it instead of its properties.
  if (typeof (value as { toJSON?: unknown }).toJSON === "function") return at(path, "toJSON")
  for (const [key, property] of Object.entries(value)) {
    // JSON leaves it out, and an absent property reads the same.
    if (property === undefined) continue
    const reason = whyNotPortable(property, typed, path === "" ? key : `${path}.${key}`, depth + 1)
    if (reason) return reason
  }
  return undefined
}

const at = (path: string, type: string): string => (path === "" ? type : `${type} at ${path}`)
