import { percentDecode } from "./percent.ts"

/** What `new URLSearchParams()` takes. */
export type SearchParamsInit =
  | string
  | Iterable<readonly [string, string]>
  | Record<string, string>
  | URLSearchParams

/** The web's URLSearchParams. */
export class URLSearchParams {
  #list: [string, string][]
  /** Tells the URL that these belong to. */
  #changed: ((text: string) => void) | undefined

  constructor(init: SearchParamsInit = "") {
    this.#list = parseInit(init)
  }

  /** Ties params to a URL, which is told of changes. */
  static tie(params: URLSearchParams, changed: (text: string) => void): void {
    params.#changed = changed
  }

  /** Sets params to those of a URL's query, without telling the URL. */
  static reset(params: URLSearchParams, query: string): void {
    params.#list = parseQuery(query)
  }

  get size(): number {
    return this.#list.length
  }

  append(name: string, value: string): void {
    this.#list.push([toText(name), toText(value)])
    this.#update()
  }

  delete(name: string, value?: string): void {
    this.#list = this.#list.filter(
      ([n, v]) => n !== toText(name) || (value !== undefined && v !== toText(value)),
    )
    this.#update()
  }

  get(name: string): string | null {
    return this.#list.find(([n]) => n === toText(name))?.[1] ?? null
  }

  getAll(name: string): string[] {
    return this.#list.filter(([n]) => n === toText(name)).map(([, value]) => value)
  }

  has(name: string, value?: string): boolean {
    return this.#list.some(([n, v]) => n === toText(name) && (value === undefined || v === toText(value)))
  }

  set(name: string, value: string): void {
    name = toText(name)
    const at = this.#list.findIndex(([n]) => n === name)
    if (at === -1) this.#list.push([name, toText(value)])
    else {
      this.#list[at]![1] = toText(value)
      this.#list = this.#list.filter(([n], i) => i <= at || n !== name)
    }
    this.#update()
  }

  sort(): void {
    this.#list.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    this.#update()
  }

  forEach(callback: (value: string, name: string, params: URLSearchParams) => void, self?: unknown): void {
    for (const [name, value] of this.#list) callback.call(self, value, name, this)
  }

  *entries(): IterableIterator<[string, string]> {
    for (const [name, value] of this.#list) yield [name, value]
  }

  *keys(): IterableIterator<string> {
    for (const [name] of this.#list) yield name
  }

  *values(): IterableIterator<string> {
    for (const [, value] of this.#list) yield value
  }

  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries()
  }

  get [Symbol.toStringTag](): string {
    return "URLSearchParams"
  }

  toString(): string {
    return this.#list.map(([name, value]) => `${encode(name)}=${encode(value)}`).join("&")
  }

  #update(): void {
    this.#changed?.(this.toString())
  }
}

const toText = (value: string): string => String(value).toWellFormed()

function parseInit(init: SearchParamsInit): [string, string][] {
  if (typeof init !== "object" || init === null) {
    const text = toText(init)
    return parseQuery(text.startsWith("?") ? text.slice(1) : text)
  }
  if (Symbol.iterator in init) {
    return Array.from(init as Iterable<readonly [string, string]>, (pair) => {
      const [name, value, ...rest] = pair
      if (name === undefined || value === undefined || rest.length > 0) {
        throw new TypeError("URLSearchParams: each pair must be an iterable [name, value] tuple")
      }
      return [toText(name), toText(value)]
    })
  }
  return Object.entries(init).map(([name, value]) => [toText(name), toText(value)])
}

function parseQuery(query: string): [string, string][] {
  return query
    .split("&")
    .filter((part) => part !== "")
    .map((part) => {
      const equals = part.indexOf("=")
      return equals === -1
        ? [decode(part), ""]
        : [decode(part.slice(0, equals)), decode(part.slice(equals + 1))]
    })
}

function decode(text: string): string {
  return percentDecode(text.includes("+") ? text.replaceAll("+", " ") : text)
}

function encode(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%20", "+")
}
