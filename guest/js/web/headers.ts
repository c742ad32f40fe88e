import { APPEND, DELETE, type HeaderMode, SET } from "../contract.ts"

/** What `new Headers()` takes. */
export type HeadersInit = Headers | Iterable<readonly [string, string]> | Record<string, string>

/**
 * The web's Headers. Remembers how each header came to be, because a reply tells the gateway what to do to
 * the headers that its middleware prepared, not only what the handler's own are.
 */
export class Headers {
  /** Name in lower case and value in turn. */
  #pairs: string[] = []
  /** How each pair came to be; undefined for a request's headers. */
  #modes: HeaderMode[] | undefined
  /** Names that were deleted and not set since. */
  #deleted: string[] | undefined

  constructor(init?: HeadersInit | null) {
    if (init === undefined || init === null) return
    if (typeof init !== "object") throw new TypeError("Headers: init is not an object")
    if (init instanceof Headers) {
      this.#pairs = init.#pairs.slice()
      this.#modes = init.#modes?.slice()
      this.#deleted = init.#deleted?.slice()
    } else if (Symbol.iterator in init) {
      for (const pair of init as Iterable<readonly [string, string]>) {
        const [name, value, ...rest] = pair
        if (value === undefined || rest.length > 0) throw new TypeError("Headers: expected name/value pairs")
        this.#fill(name, value)
      }
    } else {
      for (const name of Object.keys(init)) this.#fill(name, init[name] as string)
    }
  }

  /** Initial headers replace others of their name, but not each other. */
  #fill(name: string, value: string): void {
    if (this.has(name)) this.append(name, value)
    else this.set(name, value)
  }

  /** Headers of a request, whose list (name in lower case, value, ...) they keep. */
  static ofRequest(pairs: string[]): Headers {
    const headers = new Headers()
    headers.#pairs = pairs
    return headers
  }

  /**
   * Adds what the gateway has to do to the headers there: name, value and mode in turn. Tells whether there is a
   * content type.
   *
   * @param json - leave out the content type of JSON, which the gateway takes for granted
   */
  static addChanges(headers: Headers, into: (string | HeaderMode)[], json: boolean): boolean {
    const pairs = headers.#pairs
    const modes = headers.#modes
    let hasType = false
    if (headers.#deleted) for (const name of headers.#deleted) into.push(name, "", DELETE)
    for (let i = 0; i < pairs.length; i += 2) {
      const name = pairs[i]!
      const value = pairs[i + 1]!
      const mode = modes ? modes[i >> 1]! : APPEND
      if (name === "content-type") {
        hasType = true
        if (json && mode === SET && value === "application/json") continue
      }
      into.push(name, value, mode)
    }
    return hasType
  }

  append(name: string, value: string): void {
    name = toName(name)
    value = toValue(value)
    let mode: HeaderMode = APPEND
    const at = this.#deleted ? this.#deleted.indexOf(name) : -1
    if (at !== -1) {
      // Deleted and added is replaced.
      this.#deleted!.splice(at, 1)
      mode = SET
    }
    this.#modesOf().push(mode)
    this.#pairs.push(name, value)
  }

  set(name: string, value: string): void {
    name = toName(name)
    value = toValue(value)
    this.#remove(name)
    this.#modesOf().push(SET)
    this.#pairs.push(name, value)
  }

  delete(name: string): void {
    name = toName(name)
    this.#remove(name)
    this.#deleted ??= []
    this.#deleted.push(name)
  }

  get(name: string): string | null {
    name = toName(name)
    const pairs = this.#pairs
    let found: string | null = null
    for (let i = 0; i < pairs.length; i += 2) {
      if (pairs[i] !== name) continue
      found = found === null ? pairs[i + 1]! : `${found}${name === "cookie" ? "; " : ", "}${pairs[i + 1]}`
    }
    return found
  }

  getSetCookie(): string[] {
    return this.#pairs.filter((_, i) => i % 2 === 1 && this.#pairs[i - 1] === "set-cookie")
  }

  has(name: string): boolean {
    name = toName(name)
    return this.#pairs.some((text, i) => i % 2 === 0 && text === name)
  }

  forEach(callback: (value: string, name: string, headers: Headers) => void, self?: unknown): void {
    for (const [name, value] of this.#sorted()) callback.call(self, value, name, this)
  }

  *entries(): IterableIterator<[string, string]> {
    yield* this.#sorted()
  }

  *keys(): IterableIterator<string> {
    for (const [name] of this.#sorted()) yield name
  }

  *values(): IterableIterator<string> {
    for (const [, value] of this.#sorted()) yield value
  }

  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries()
  }

  get [Symbol.toStringTag](): string {
    return "Headers"
  }

  #modesOf(): HeaderMode[] {
    this.#modes ??= new Array(this.#pairs.length / 2).fill(APPEND)
    return this.#modes
  }

  #remove(name: string): void {
    const pairs = this.#pairs
    for (let i = pairs.length - 2; i >= 0; i -= 2) {
      if (pairs[i] !== name) continue
      pairs.splice(i, 2)
      this.#modes?.splice(i >> 1, 1)
    }
    const at = this.#deleted ? this.#deleted.indexOf(name) : -1
    if (at !== -1) this.#deleted!.splice(at, 1)
  }

  /** Sorted by name, values of a name combined, except those of set-cookie. */
  #sorted(): [string, string][] {
    const names = [...new Set(this.#pairs.filter((_, i) => i % 2 === 0))].sort()
    return names.flatMap((name): [string, string][] =>
      name === "set-cookie"
        ? this.getSetCookie().map((value) => [name, value])
        : [[name, this.get(name) as string]],
    )
  }
}

const validName = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const plainValue = /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/
const outerSpace = /^[\t\n\r ]+|[\t\n\r ]+$/g
const invalidValue = /[^\t\x20-\x7e\x80-\xff]/

/** Names that were seen, in lower case: most are seen again. */
const names = new Map<string, string>()
for (const name of ["Content-Type", "content-type", "Location", "Set-Cookie", "Cookie", "cache-control"])
  toName(name)

function toName(name: string): string {
  let lower = names.get(name)
  if (lower === undefined) {
    if (!validName.test(name)) throw new TypeError(`Headers: "${name}" is an invalid header name`)
    lower = String(name).toLowerCase()
    names.set(name, lower)
  }
  return lower
}

function toValue(value: string): string {
  if (typeof value === "string" && plainValue.test(value)) return value
  const text = String(value).replace(outerSpace, "")
  if (invalidValue.test(text)) throw new TypeError(`Headers: "${text}" is an invalid header value`)
  return text
}
