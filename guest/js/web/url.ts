import {
  encodeFragment,
  encodeQuery,
  encodeUserinfo,
  isSpecial,
  keptPort,
  parseUrl,
  pathText,
  portColon,
  setHostAndPort,
  setPath,
  type UrlRecord,
  urlText,
  withoutBreaks,
} from "./url-record.ts"
import { URLSearchParams } from "./url-search-params.ts"

/** The web's URL. */
export class URL {
  #record: UrlRecord
  #params: URLSearchParams | undefined

  constructor(url: string | URL, base?: string | URL) {
    this.#record = parse(url, base)
  }

  static canParse(url: string | URL, base?: string | URL): boolean {
    return URL.parse(url, base) !== null
  }

  static parse(url: string | URL, base?: string | URL): URL | null {
    try {
      return new URL(url, base)
    } catch {
      return null
    }
  }

  get href(): string {
    return urlText(this.#record)
  }

  set href(value: string) {
    this.#record = parse(value, undefined)
    this.#resetParams()
  }

  get origin(): string {
    const { scheme, host } = this.#record
    if (scheme === "blob") {
      const inner = URL.parse(this.pathname)
      return inner && /^https?:$/.test(inner.protocol) ? inner.origin : "null"
    }
    return isSpecial(scheme) && scheme !== "file" && host !== null ? `${scheme}://${this.host}` : "null"
  }

  get protocol(): string {
    return `${this.#record.scheme}:`
  }

  set protocol(value: string) {
    const record = this.#record
    const scheme = /^([a-z][a-z0-9+.-]*)(?::|$)/i.exec(withoutBreaks(String(value)))?.[1]?.toLowerCase()
    if (scheme === undefined || isSpecial(scheme) !== isSpecial(record.scheme)) return
    if (scheme === "file" && (record.username || record.password || record.port !== null)) return
    if (record.scheme === "file" && record.host === "") return
    record.scheme = scheme
    record.port = keptPort(record.port, scheme)
  }

  get username(): string {
    return this.#record.username
  }

  set username(value: string) {
    if (this.#canHaveCredentials()) this.#record.username = encodeUserinfo(String(value))
  }

  get password(): string {
    return this.#record.password
  }

  set password(value: string) {
    if (this.#canHaveCredentials()) this.#record.password = encodeUserinfo(String(value))
  }

  get host(): string {
    const { host, port } = this.#record
    return port === null ? (host ?? "") : `${host}:${port}`
  }

  set host(value: string) {
    this.#setHost(String(value), true)
  }

  get hostname(): string {
    return this.#record.host ?? ""
  }

  set hostname(value: string) {
    this.#setHost(String(value), false)
  }

  get port(): string {
    return this.#record.port === null ? "" : String(this.#record.port)
  }

  set port(value: string) {
    if (!this.#canHaveCredentials()) return
    const text = withoutBreaks(String(value))
    const digits = /^\d+/.exec(text)?.[0]
    if (String(value) === "") this.#record.port = null
    else if (digits !== undefined && Number(digits) <= 65_535) {
      this.#record.port = keptPort(Number(digits), this.#record.scheme)
    }
  }

  get pathname(): string {
    return pathText(this.#record)
  }

  set pathname(value: string) {
    if (typeof this.#record.path === "string") return
    this.#record.path = []
    setPath(this.#record, withoutBreaks(String(value)))
  }

  get search(): string {
    return this.#record.query ? `?${this.#record.query}` : ""
  }

  set search(value: string) {
    const text = String(value)
    const { scheme } = this.#record
    this.#record.query = text === "" ? null : encodeQuery(withoutBreaks(text.replace(/^\?/, "")), scheme)
    this.#resetParams()
  }

  get searchParams(): URLSearchParams {
    if (!this.#params) {
      this.#params = new URLSearchParams(this.#record.query ?? "")
      URLSearchParams.reset(this.#params, this.#record.query ?? "")
      URLSearchParams.tie(this.#params, (text) => {
        this.#record.query = text === "" ? null : text
      })
    }
    return this.#params
  }

  get hash(): string {
    return this.#record.fragment ? `#${this.#record.fragment}` : ""
  }

  set hash(value: string) {
    const text = String(value)
    this.#record.fragment = text === "" ? null : encodeFragment(withoutBreaks(text.replace(/^#/, "")))
  }

  toString(): string {
    return this.href
  }

  toJSON(): string {
    return this.href
  }

  get [Symbol.toStringTag](): string {
    return "URL"
  }

  #canHaveCredentials(): boolean {
    const { host, scheme } = this.#record
    return host !== null && host !== "" && scheme !== "file"
  }

  #setHost(value: string, withPort: boolean): void {
    const record = this.#record
    if (typeof record.path === "string") return
    const text = withoutBreaks(value)
    const end = text.search(isSpecial(record.scheme) ? /[/\\?#]/ : /[/?#]/)
    let host = end === -1 ? text : text.slice(0, end)
    const colon = portColon(host)
    if (colon !== -1) {
      if (!withPort || colon === 0 || record.scheme === "file") return
      // What follows the digits of a port is ignored here.
      host = host.slice(0, colon) + (/^:\d+/.exec(host.slice(colon))?.[0] ?? "")
    }
    if (host === "" && (record.username || record.password || record.port !== null)) return
    setHostAndPort(record, host)
    if (record.scheme === "file" && record.host === "localhost") record.host = ""
  }

  #resetParams(): void {
    if (this.#params) URLSearchParams.reset(this.#params, this.#record.query ?? "")
  }
}

function parse(url: string | URL, base: string | URL | undefined): UrlRecord {
  const baseRecord = base === undefined ? null : parseUrl(String(base), null)
  const record = base !== undefined && baseRecord === null ? null : parseUrl(String(url), baseRecord)
  if (record) return record
  const error = new TypeError("Invalid URL")
  throw Object.assign(error, { code: "ERR_INVALID_URL", input: String(url) })
}
