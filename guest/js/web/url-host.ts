import { percentDecode, percentEncode } from "./percent.ts"
import { toPunycode } from "./punycode.ts"

const forbiddenHost = /[\0\t\n\r #/:<>?@[\\\]^|]/
const forbiddenDomain = /[\0-\x20"#%/:<>?@[\\\]^`{|}\x7f]/
// biome-ignore lint/suspicious/noControlCharactersInRegex: the standard has them in the set
export const controlSet = /[\0-\x1f\x7f-\u{10ffff}]+/gu

/** Parses a URL's host; null when it is none. */
export function parseHost(text: string, special: boolean): string | null {
  if (text.startsWith("[")) return text.endsWith("]") ? parseIpv6(text.slice(1, -1)) : null
  if (!special) return forbiddenHost.test(text) ? null : percentEncode(text, controlSet)
  const domain = toAscii(percentDecode(text))
  if (domain === null || domain === "" || forbiddenDomain.test(domain)) return null
  return endsInNumber(domain) ? parseIpv4(domain) : domain
}

function toAscii(domain: string): string | null {
  if (/^[\0-\x7f]*$/.test(domain)) return domain.toLowerCase()
  // Soft hyphens and joiners vanish, other full stops are full stops.
  const mapped = domain
    .replace(/\u00ad|\u034f|\u200b|\u2060|\ufeff|[\ufe00-\ufe0f]/g, "")
    .normalize("NFKC")
    .toLowerCase()
    .normalize("NFKC")
    .replace(/[\u3002\uff0e\uff61]/g, ".")
  if (mapped.includes("\ufffd")) return null
  const labels = mapped.split(".").map(toPunycode)
  return labels.includes(null) ? null : labels.join(".")
}

function endsInNumber(domain: string): boolean {
  const parts = domain.split(".")
  if (parts.at(-1) === "" && parts.length > 1) parts.pop()
  const last = parts.at(-1)!
  return /^\d+$/.test(last) || /^0x[0-9a-f]*$/i.test(last)
}

function parseIpv4(domain: string): string | null {
  const parts = domain.split(".")
  if (parts.at(-1) === "" && parts.length > 1) parts.pop()
  if (parts.length > 4) return null
  const numbers = parts.map(parseIpv4Number)
  const last = numbers.pop() as number
  if (numbers.some((number) => !(number <= 255)) || !(last < 256 ** (4 - numbers.length))) return null
  const address = numbers.reduce((sum, number, i) => sum + number * 256 ** (3 - i), last)
  return [24, 16, 8, 0].map((bits) => Math.floor(address / 2 ** bits) % 256).join(".")
}

function parseIpv4Number(part: string): number {
  if (/^0x[0-9a-f]*$/i.test(part)) return part.length === 2 ? 0 : Number.parseInt(part, 16)
  if (/^0[0-7]*$/.test(part)) return Number.parseInt(part, 8)
  return /^[1-9]\d*$/.test(part) ? Number(part) : Number.NaN
}

function parseIpv6(text: string): string | null {
  const halves = text.split("::")
  if (halves.length > 2) return null
  const pieces = halves.map((half, i) => parsePieces(half, i === halves.length - 1))
  if (pieces.includes(null)) return null
  const [front, back] = pieces as number[][]
  if (!back) return front!.length === 8 ? serializeIpv6(front!) : null
  const gap = 8 - front!.length - back.length
  return gap < 1 ? null : serializeIpv6([...front!, ...new Array(gap).fill(0), ...back])
}

function parsePieces(text: string, last: boolean): number[] | null {
  if (text === "") return []
  const pieces: number[] = []
  const parts = text.split(":")
  for (const [i, part] of parts.entries()) {
    if (last && i === parts.length - 1 && part.includes(".")) {
      const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(part)
      const bytes = match?.slice(1)
      if (!bytes || bytes.some((byte) => Number(byte) > 255 || /^0\d/.test(byte))) return null
      const [a, b, c, d] = bytes.map(Number) as [number, number, number, number]
      pieces.push(a * 256 + b, c * 256 + d)
    } else if (/^[0-9a-f]{1,4}$/i.test(part)) {
      pieces.push(Number.parseInt(part, 16))
    } else {
      return null
    }
  }
  return pieces
}

function serializeIpv6(pieces: number[]): string {
  let best = { start: -1, length: 1 }
  for (let i = 0; i < 8; i++) {
    let end = i
    while (pieces[end] === 0) end++
    if (end - i > best.length) best = { start: i, length: end - i }
    i = Math.max(i, end - 1)
  }
  const hex = pieces.map((piece) => piece.toString(16))
  if (best.start === -1) return `[${hex.join(":")}]`
  return `[${hex.slice(0, best.start).join(":")}::${hex.slice(best.start + best.length).join(":")}]`
}
