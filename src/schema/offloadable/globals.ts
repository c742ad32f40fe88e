/**
 * What a function has of JavaScript's and the web's globals. Whatever is not listed here makes the
 * route stay in the gateway: a global that is missing in the guest throws only when a request comes.
 *
 * @module
 */

/** Globals of ECMAScript that the guest's engine has, and those of the web that the guest provides. */
const available: ReadonlySet<string> = new Set(
  (
    "undefined NaN Infinity globalThis Object Function Error EvalError RangeError ReferenceError SyntaxError " +
    "TypeError URIError AggregateError SuppressedError Iterator Array parseInt parseFloat isNaN isFinite " +
    "decodeURI decodeURIComponent encodeURI encodeURIComponent escape unescape Number Boolean String Math " +
    "Reflect Symbol BigInt Date RegExp JSON Proxy Map Set WeakMap WeakSet ArrayBuffer DataView Promise " +
    "DisposableStack AsyncDisposableStack WeakRef Uint8ClampedArray Int8Array Uint8Array Int16Array " +
    "Uint16Array Int32Array Uint32Array BigInt64Array BigUint64Array Float16Array Float32Array Float64Array " +
    "queueMicrotask atob btoa console crypto performance structuredClone DOMException " +
    "URL URLSearchParams TextEncoder TextDecoder Request Response Headers FormData Blob File " +
    "AbortController AbortSignal Event EventTarget CustomEvent arguments"
  ).split(" "),
)

/** Why a global that people do use is missing, where the general sentence would not be enough. */
const reasons: ReadonlyMap<string, string> = new Map([
  ["fetch", "uses `fetch`: a function has no network"],
  ["WebSocket", "uses `WebSocket`: a function has no network"],
  ["EventSource", "uses `EventSource`: a function has no network"],
  ["XMLHttpRequest", "uses `XMLHttpRequest`: a function has no network"],
  ["setTimeout", "uses `setTimeout`: a function has no timers, not even one that the handler awaits"],
  ["setInterval", "uses `setInterval`: a function has no timers, and nothing in it outlives the request"],
  ["setImmediate", "uses `setImmediate`: a function has no timers"],
  ["process", "uses `process`, which exists only in Node's own process"],
  ["Buffer", "uses `Buffer`, which is Node's; `Uint8Array` works in a function"],
  ["require", "uses `require`, which is Node's; what is imported statically works in a function"],
  ["Intl", "uses `Intl`: the engine in a function has no locales"],
  ["eval", "uses `eval`, which the build can't look into"],
  ["ReadableStream", "uses `ReadableStream`: a function answers in one piece"],
  ["WritableStream", "uses `WritableStream`: a function answers in one piece"],
  ["TransformStream", "uses `TransformStream`: a function answers in one piece"],
  ["CompressionStream", "uses `CompressionStream`: a function answers in one piece"],
])

/** Members of available globals that are missing, where people do use them. */
const missingMembers: ReadonlyMap<string, string> = new Map([
  ["AbortSignal.timeout", "uses `AbortSignal.timeout`: a function has no timers"],
  ["URL.createObjectURL", "uses `URL.createObjectURL`, which a function does not have"],
  ["URL.revokeObjectURL", "uses `URL.revokeObjectURL`, which a function does not have"],
])

/** All that some globals have. */
const onlyMembers: Readonly<Record<string, readonly string[]>> = {
  crypto: ["randomUUID", "getRandomValues"],
  performance: ["now", "timeOrigin"],
}

/** Members, of any value, that need locales. */
const localeMembers: ReadonlySet<string> = new Set([
  "toLocaleString",
  "toLocaleDateString",
  "toLocaleTimeString",
  "localeCompare",
])

/** Globals whose value at module level is that of the build, once for ever. */
const frozenMembers: ReadonlySet<string> = new Set([
  "Date.now",
  "Math.random",
  "performance.now",
  "crypto.randomUUID",
  "crypto.getRandomValues",
])

/**
 * Why the global `name` can't be used in a function, or undefined if it can.
 */
export function missingGlobal(name: string): string | undefined {
  return available.has(name)
    ? undefined
    : (reasons.get(name) ?? `uses \`${name}\`, which a function does not have`)
}

/**
 * Why the member `name` of the global `object` can't be used, or undefined if it can.
 */
export function missingMember(object: string, name: string): string | undefined {
  const only = Object.hasOwn(onlyMembers, object) ? onlyMembers[object] : undefined
  return only && !only.includes(name)
    ? `uses \`${object}.${name}\`, which a function does not have`
    : missingMembers.get(`${object}.${name}`)
}

/**
 * Why the member `name`, declared by JavaScript itself, can't be used, or undefined if it can.
 */
export function localeMember(name: string): string | undefined {
  return localeMembers.has(name)
    ? `uses \`${name}\`: the engine in a function has no locales, the result would be another one`
    : undefined
}

/**
 * Whether `object.name` is another value each time the app starts, while a function keeps that of its
 * build.
 */
export function isFrozenMember(object: string, name: string): boolean {
  return frozenMembers.has(`${object}.${name}`)
}

/** Whether what the functions of a package give is another value each time the app starts. */
export function isFrozenPackage(module: string): boolean {
  return /^(nanoid|uuid|ulid|ulidx|cuid|@paralleldrive\/cuid2|ksuid|short-uuid)(\/|$)/.test(module)
}

/** Globals that code of packages often uses and that no function has. */
export const suspects: readonly string[] = [
  ...reasons.keys(),
  "Deno",
  "Bun",
  "Worker",
  "MessageChannel",
].filter((name) => name !== "eval")
