/** Text of a value for a log, in the manner of Node's util.inspect, on one line. */
export function inspect(value: unknown, depth = 2, seen: readonly unknown[] = []): string {
  switch (typeof value) {
    case "string":
      return `'${value.replace(/[\\'\n]/g, (character) => (character === "\n" ? "\\n" : `\\${character}`))}'`
    case "bigint":
      return `${value}n`
    case "function":
      return value.name ? `[Function: ${value.name}]` : "[Function (anonymous)]"
    case "object":
      return value === null ? "null" : inspectObject(value, depth, seen)
    default:
      return Object.is(value, -0) ? "-0" : String(value)
  }
}

function inspectObject(value: object, depth: number, seen: readonly unknown[]): string {
  if (seen.includes(value)) return "[Circular]"
  if (value instanceof Error) return inspectError(value, depth, seen)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString()
  if (value instanceof RegExp) return String(value)
  const name = Object.getPrototypeOf(value)?.constructor?.name
  if (depth < 0) return Array.isArray(value) ? "[Array]" : `[${name ?? "Object: null prototype"}]`
  const inner = (part: unknown) => inspect(part, depth - 1, [...seen, value])
  if (Array.isArray(value)) return list("", value.map(inner), "[", "]")
  if (value instanceof Map) {
    const entries = [...value].map(([key, part]) => `${inner(key)} => ${inner(part)}`)
    return list(`Map(${value.size}) `, entries, "{", "}")
  }
  if (value instanceof Set) return list(`Set(${value.size}) `, [...value].map(inner), "{", "}")
  if (ArrayBuffer.isView(value)) return `${name}(${value.byteLength})`
  const entries = Object.entries(value).map(([key, part]) => `${keyText(key)}: ${inner(part)}`)
  const prefix = name === undefined ? "[Object: null prototype] " : name === "Object" ? "" : `${name} `
  return list(prefix, entries, "{", "}")
}

function inspectError(error: Error, depth: number, seen: readonly unknown[]): string {
  const head = `${error.name}: ${error.message}`
  const stack = error.stack?.trimEnd()
  const text = !stack ? head : stack.startsWith(head) ? stack : `${head}\n${stack}`
  return error.cause === undefined
    ? text
    : `${text} {\n  [cause]: ${inspect(error.cause, depth, [...seen, error])}\n}`
}

const maxShown = 100

function list(prefix: string, parts: string[], open: string, close: string): string {
  if (parts.length === 0) return `${prefix}${open}${close}`
  const more = parts.length - maxShown
  const shown = more > 0 ? [...parts.slice(0, maxShown), `... ${more} more items`] : parts
  return `${prefix}${open} ${shown.join(", ")} ${close}`
}

function keyText(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : inspect(key)
}
