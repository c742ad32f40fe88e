/**
 * The web's structuredClone, for the types that the language itself has.
 *
 * @throws DOMException DataCloneError for what can't be cloned.
 */
export function structuredClone<T>(value: T): T {
  return clone(value, new Map()) as T
}

function clone(value: unknown, done: Map<object, unknown>): unknown {
  if (typeof value === "function" || typeof value === "symbol") throw refuse(value)
  if (typeof value !== "object" || value === null) return value
  if (done.has(value)) return done.get(value)
  const remember = <C extends object>(copy: C): C => {
    done.set(value, copy)
    return copy
  }
  if (Array.isArray(value)) {
    const copy = remember(new Array(value.length))
    for (const key of Object.keys(value))
      copy[key as unknown as number] = clone(value[key as unknown as number], done)
    return copy
  }
  if (value instanceof Date) return remember(new Date(value.getTime()))
  if (value instanceof RegExp) return remember(new RegExp(value.source, value.flags))
  if (value instanceof Map) {
    const copy = remember(new Map())
    for (const [key, part] of value) copy.set(clone(key, done), clone(part, done))
    return copy
  }
  if (value instanceof Set) {
    const copy = remember(new Set())
    for (const part of value) copy.add(clone(part, done))
    return copy
  }
  if (value instanceof ArrayBuffer) return remember(value.slice(0))
  if (ArrayBuffer.isView(value)) return remember(cloneView(value, done))
  if (value instanceof Error) return remember(cloneError(value, done))
  if (value instanceof Number || value instanceof String || value instanceof Boolean)
    return remember(Object(value.valueOf()))
  if (
    value instanceof Promise ||
    value instanceof WeakMap ||
    value instanceof WeakSet ||
    value instanceof WeakRef
  ) {
    throw refuse(value)
  }
  const copy = remember({} as Record<string, unknown>)
  for (const key of Object.keys(value)) {
    const part = clone((value as Record<string, unknown>)[key], done)
    Object.defineProperty(copy, key, { value: part, writable: true, enumerable: true, configurable: true })
  }
  return copy
}

function cloneView(view: ArrayBufferView, done: Map<object, unknown>): object {
  const View = view.constructor as new (buffer: unknown, at: number, length: number) => object
  const length = view instanceof DataView ? view.byteLength : (view as unknown as { length: number }).length
  return new View(clone(view.buffer, done), view.byteOffset, length)
}

const errors: Record<string, ErrorConstructor> = {
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
}

function cloneError(error: Error, done: Map<object, unknown>): Error {
  const copy = new (errors[error.name] ?? Error)(error.message)
  Object.defineProperty(copy, "stack", { value: error.stack, writable: true, configurable: true })
  if ("cause" in error) {
    Object.defineProperty(copy, "cause", {
      value: clone(error.cause, done),
      writable: true,
      configurable: true,
    })
  }
  return copy
}

function refuse(value: unknown): DOMException {
  return new DOMException(`${String(value)} could not be cloned.`, "DataCloneError")
}
