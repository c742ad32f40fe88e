import { percentEncode } from "./percent.ts"
import { controlSet, parseHost } from "./url-host.ts"

/** A parsed URL: https://url.spec.whatwg.org/#url-representation. */
export interface UrlRecord {
  scheme: string
  username: string
  password: string
  host: string | null
  port: number | null
  /** A string is an opaque path. */
  path: string[] | string
  query: string | null
  fragment: string | null
}

const ports: Record<string, number | null> = { ftp: 21, file: null, http: 80, https: 443, ws: 80, wss: 443 }

/** Whether a scheme is special: one that the web knows. */
export const isSpecial = (scheme: string): boolean => Object.hasOwn(ports, scheme)

// The standard's percent-encode sets.
const fragmentSet = /[\0-\x20"<>`\x7f-\u{10ffff}]+/gu
const querySet = /[\0-\x20"#<>\x7f-\u{10ffff}]+/gu
const specialQuerySet = /[\0-\x20"#'<>\x7f-\u{10ffff}]+/gu
const pathSet = /[\0-\x20"#<>?^`{}\x7f-\u{10ffff}]+/gu
const userinfoSet = /[\0-\x20"#/:;<=>?@[\\\]^`{|}\x7f-\u{10ffff}]+/gu

export const encodeUserinfo = (text: string): string => percentEncode(text, userinfoSet)
export const encodeFragment = (text: string): string => percentEncode(text, fragmentSet)
export const encodeQuery = (text: string, scheme: string): string =>
  percentEncode(text, isSpecial(scheme) ? specialQuerySet : querySet)
const encodeOpaque = (text: string): string => percentEncode(text, controlSet)

/** The port to keep: null for the scheme's own. */
export const keptPort = (port: number | null, scheme: string): number | null =>
  port === ports[scheme] ? null : port

/** Takes away what the standard ignores wherever it stands. */
export const withoutBreaks = (text: string): string => text.replace(/[\t\n\r]/g, "")

/** Parses a URL, relative to a base if there is one; null when it is none. */
export function parseUrl(input: string, base: UrlRecord | null): UrlRecord | null {
  const trimmed = withoutBreaks(input.toWellFormed().replace(/^[\0-\x20]+|[\0-\x20]+$/g, ""))
  const match = /^([a-z][a-z0-9+.-]*):/i.exec(trimmed)
  const hash = trimmed.indexOf("#")
  const fragment = hash === -1 ? null : encodeFragment(trimmed.slice(hash + 1))
  const text = hash === -1 ? trimmed : trimmed.slice(0, hash)
  // A colon after the hash is none of a scheme.
  const record =
    match && (hash === -1 || match[0].length <= hash)
      ? parseAbsolute(match[1]!.toLowerCase(), text.slice(match[0].length), base)
      : base && parseRelative(text, fragment !== null, base)
  if (record) record.fragment = fragment
  return record
}

function parseAbsolute(scheme: string, rest: string, base: UrlRecord | null): UrlRecord | null {
  if (scheme === "file") return parseFile(rest, base?.scheme === "file" ? base : null)
  if (!isSpecial(scheme)) {
    const record = newRecord(scheme)
    if (rest.startsWith("//")) return parseAuthority(record, rest.slice(2))
    if (rest.startsWith("/")) return withPath(record, rest)
    const [path, query] = splitQuery(rest)
    record.path = encodeOpaque(path)
    record.query = query === null ? null : encodeQuery(query, scheme)
    return record
  }
  if (base?.scheme === scheme && !rest.startsWith("//")) return parseRelative(rest, false, base)
  return parseAuthority(newRecord(scheme), rest.replace(/^[/\\]+/, ""))
}

function parseRelative(text: string, hasFragment: boolean, base: UrlRecord): UrlRecord | null {
  if (typeof base.path === "string") return text === "" && hasFragment ? { ...base } : null
  if (base.scheme === "file") return parseFile(text, base)
  const slashes = isSpecial(base.scheme) ? /^[/\\]+/ : /^\/+/
  const leading = slashes.exec(text)?.[0].length ?? 0
  if (leading > 1) {
    return parseAuthority(newRecord(base.scheme), text.slice(isSpecial(base.scheme) ? leading : 2))
  }
  const record = { ...base, path: leading === 1 ? [] : [...base.path] }
  if (leading === 1) return withPath(record, text)
  return continuePath(record, text)
}

/** After the base's path: an empty text keeps it and its query, a query keeps the path. */
function continuePath(record: UrlRecord, text: string): UrlRecord {
  if (text === "") return record
  const [path, query] = splitQuery(text)
  record.query = query === null ? null : encodeQuery(query, record.scheme)
  if (path === "") return record
  shorten(record)
  addSegments(record, path)
  return record
}

function parseAuthority(record: UrlRecord, text: string): UrlRecord | null {
  const special = isSpecial(record.scheme)
  const end = text.search(special ? /[/\\?]/ : /[/?]/)
  const authority = end === -1 ? text : text.slice(0, end)
  const at = authority.lastIndexOf("@")
  if (at !== -1) {
    const credentials = authority.slice(0, at)
    const colon = credentials.indexOf(":")
    record.username = encodeUserinfo(colon === -1 ? credentials : credentials.slice(0, colon))
    record.password = colon === -1 ? "" : encodeUserinfo(credentials.slice(colon + 1))
    if (at === authority.length - 1) return null
  }
  if (!setHostAndPort(record, authority.slice(at + 1))) return null
  return withPath(record, end === -1 ? "" : text.slice(end))
}

/** Sets host and port from `host:port`; false when they are none. */
export function setHostAndPort(record: UrlRecord, text: string): boolean {
  const special = isSpecial(record.scheme)
  const colon = portColon(text)
  const hostText = colon === -1 ? text : text.slice(0, colon)
  if (hostText === "" && (special || colon !== -1)) return false
  const host = hostText === "" ? "" : parseHost(hostText, special)
  if (host === null) return false
  const portText = colon === -1 ? "" : text.slice(colon + 1)
  if (!/^\d*$/.test(portText) || Number(portText) > 65_535) return false
  record.host = host
  if (portText !== "") record.port = keptPort(Number(portText), record.scheme)
  return true
}

/** Where the colon before a port is, outside of an IPv6 address. */
export function portColon(text: string): number {
  let inside = false
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "[") inside = true
    else if (text[i] === "]") inside = false
    else if (text[i] === ":" && !inside) return i
  }
  return -1
}

const driveStart = /^[a-z][:|](?:[/\\?]|$)/i

function parseFile(text: string, base: UrlRecord | null): UrlRecord | null {
  const record = newRecord("file")
  record.host = ""
  const slashed = text.replace(/^[/\\]+/, (slashes) => slashes.replaceAll("\\", "/"))
  if (slashed.startsWith("//")) return parseFileHost(record, slashed.slice(2))
  if (slashed.startsWith("/")) {
    if (base) {
      record.host = base.host
      const drive = base.path[0]
      if (!driveStart.test(slashed.slice(1)) && isDrive(drive)) record.path = [drive!]
    }
    return withPath(record, slashed)
  }
  if (!base) return withPath(record, `/${slashed}`)
  record.host = base.host
  record.path = [...base.path]
  record.query = base.query
  if (driveStart.test(slashed)) {
    record.path = []
    return withPath(record, `/${slashed}`)
  }
  return continuePath(record, slashed)
}

function parseFileHost(record: UrlRecord, text: string): UrlRecord | null {
  const end = text.search(/[/\\?]/)
  const hostText = end === -1 ? text : text.slice(0, end)
  if (/^[a-z][:|]$/i.test(hostText)) return withPath(record, `/${text}`)
  if (hostText !== "") {
    const host = parseHost(hostText, true)
    if (host === null) return null
    record.host = host === "localhost" ? "" : host
  }
  return withPath(record, end === -1 ? "" : text.slice(end))
}

/** Sets path and query from `/path?query`. */
function withPath(record: UrlRecord, text: string): UrlRecord {
  const [path, query] = splitQuery(text)
  record.query = query === null ? null : encodeQuery(query, record.scheme)
  setPath(record, path)
  return record
}

/** Sets the path from its text, which begins with a slash or is empty. */
export function setPath(record: UrlRecord, text: string): void {
  const special = isSpecial(record.scheme)
  if (text === "" && !special) return
  addSegments(record, special ? text.replace(/^[/\\]/, "") : text.replace(/^\//, ""))
}

function addSegments(record: UrlRecord, text: string): void {
  const path = record.path as string[]
  const segments = text.split(isSpecial(record.scheme) ? /[/\\]/ : "/")
  for (const [i, segment] of segments.entries()) {
    const last = i === segments.length - 1
    const encoded = percentEncode(segment, pathSet)
    if (/^(?:\.|%2e){2}$/i.test(encoded)) {
      shorten(record)
      if (last) path.push("")
    } else if (/^(?:\.|%2e)$/i.test(encoded)) {
      if (last) path.push("")
    } else {
      const isDriveHere = record.scheme === "file" && path.length === 0 && /^[a-z][:|]$/i.test(encoded)
      path.push(isDriveHere ? `${encoded[0]}:` : encoded)
    }
  }
}

function shorten(record: UrlRecord): void {
  const path = record.path as string[]
  if (record.scheme === "file" && path.length === 1 && isDrive(path[0])) return
  path.pop()
}

const isDrive = (segment: string | undefined): boolean => segment !== undefined && /^[a-z]:$/i.test(segment)

function splitQuery(text: string): [string, string | null] {
  const mark = text.indexOf("?")
  return mark === -1 ? [text, null] : [text.slice(0, mark), text.slice(mark + 1)]
}

function newRecord(scheme: string): UrlRecord {
  return { scheme, username: "", password: "", host: null, port: null, path: [], query: null, fragment: null }
}

/** The path's text. */
export function pathText(record: UrlRecord): string {
  return typeof record.path === "string" ? record.path : record.path.map((segment) => `/${segment}`).join("")
}

/** The URL's text. */
export function urlText(record: UrlRecord): string {
  const { scheme, username, password, host, port, path, query, fragment } = record
  let text = `${scheme}:`
  if (host !== null) {
    const credentials = username || password ? `${username}${password ? `:${password}` : ""}@` : ""
    text += `//${credentials}${host}${port === null ? "" : `:${port}`}`
  } else if (typeof path !== "string" && path.length > 1 && path[0] === "") {
    text += "/."
  }
  text += pathText(record)
  if (query !== null) text += `?${query}`
  return fragment === null ? text : `${text}#${fragment}`
}
