import { inspect } from "./inspect.ts"
import { native } from "./native.ts"

function write(level: number, args: unknown[]): void {
  native.log(level, format(args))
}

/** Text of console.log's arguments, with the placeholders %s %d %i %f %j %o %O. */
function format(args: readonly unknown[]): string {
  const [first, ...rest] = args
  if (typeof first !== "string") return args.map(show).join(" ")
  const text = first.replace(/%[sdifjoO%]/g, (mark) => {
    if (mark === "%%") return args.length > 1 ? "%" : mark
    if (rest.length === 0) return mark
    const value = rest.shift()
    if (mark === "%s") return typeof value === "object" && value !== null ? inspect(value, 0) : String(value)
    if (mark === "%d" || mark === "%f") return String(typeof value === "object" ? Number.NaN : Number(value))
    if (mark === "%i") return String(Number.parseInt(String(value), 10))
    if (mark === "%j") return JSON.stringify(value)
    return inspect(value)
  })
  return [text, ...rest.map(show)].join(" ")
}

const show = (value: unknown): string => (typeof value === "string" ? value : inspect(value))

const counts = new Map<string, number>()
const starts = new Map<string, number>()

/** The web's console: log, info and debug go to the function's standard output, the others to standard error. */
export const console = {
  log: (...args: unknown[]) => write(0, args),
  info: (...args: unknown[]) => write(0, args),
  debug: (...args: unknown[]) => write(0, args),
  dir: (value: unknown) => write(0, [value]),
  table: (value: unknown) => write(0, [value]),
  group: (...args: unknown[]) => write(0, args),
  groupCollapsed: (...args: unknown[]) => write(0, args),
  groupEnd: () => {},
  warn: (...args: unknown[]) => write(1, args),
  error: (...args: unknown[]) => write(1, args),
  trace: (...args: unknown[]) => write(1, ["Trace:", ...args, new Error().stack]),
  assert: (condition: unknown, ...args: unknown[]) => {
    if (!condition) write(1, ["Assertion failed", ...args])
  },
  count: (label = "default") => {
    counts.set(label, (counts.get(label) ?? 0) + 1)
    write(0, [`${label}: ${counts.get(label)}`])
  },
  countReset: (label = "default") => void counts.delete(label),
  time: (label = "default") => void starts.set(label, native.now()),
  timeEnd: (label = "default") => {
    const start = starts.get(label)
    if (start !== undefined) write(0, [`${label}: ${(native.now() - start).toFixed(3)}ms`])
    starts.delete(label)
  },
  timeLog: (label = "default", ...args: unknown[]) => {
    const start = starts.get(label)
    if (start !== undefined) write(0, [`${label}: ${(native.now() - start).toFixed(3)}ms`, ...args])
  },
}
