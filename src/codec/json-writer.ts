import { CodecError } from "./codec-error.ts"
import { number } from "./decode-value.ts"
import { GrowingBuffer } from "./growing-buffer.ts"
import { decodeUtf8, isPlain, type Reader } from "./reader.ts"

/** Thrown where bytes are not as an encoder of ours writes them; the general decoder then reads them. */
export const NOT_CANONICAL = Symbol("not canonical")

/** Room that a key leaves behind it, for any value that is no string. */
const SHORT_VALUE = 32

const QUOTE = 0x22
const COMMA = 0x2c
const MINUS = 0x2d
const POINT = 0x2e
const ZERO = 0x30
const OPEN = { object: 0x7b, array: 0x5b } as const
const CLOSE = { object: 0x7d, array: 0x5d } as const

/** Longest JSON text that is written: two bytes of a message may stand for hundreds of it. */
const MAX_JSON_BYTES = 128 * 1024 * 1024

/** A message would become more JSON text than is written. */
export function tooLarge(cause?: unknown): CodecError {
  return new CodecError("too_large", "the message would become too long a JSON text", { cause })
}

/** Keys of a map up to this many are compared one by one. */
const FEW_KEYS = 8

/**
 * A growing buffer that compiled transcoders write JSON text to, in UTF-8. A comma follows every value; the last one
 * makes room for the end of the object or array.
 */
export class JsonWriter extends GrowingBuffer {
  /** Where keys of the maps that are being written lie: those of a map follow those of the map around it. */
  readonly #keys: { at: number; bytes: number }[] = []
  #keysEnd = 0
  /** All keys of the maps that have more than a few, by the index of their first. */
  readonly #manyKeys = new Map<number, Set<string>>()

  /** Begins a text. */
  start(): void {
    this.at = 0
    this.#keysEnd = 0
    this.#manyKeys.clear()
  }

  /** A copy of what was written, but for the comma at its end. */
  finish(): Uint8Array<ArrayBuffer> {
    return Buffer.from(this.buffer.subarray(0, this.at - 1))
  }

  /** Begins an object or array; give what is returned to {@link close}. */
  open(kind: keyof typeof OPEN): number {
    this.reserve(2)
    this.buffer[this.at++] = OPEN[kind]
    return this.at
  }

  /** Ends what began at `start`. */
  close(kind: keyof typeof CLOSE, start: number): void {
    this.reserve(2)
    if (this.at === start) this.buffer[this.at++] = CLOSE[kind]
    else this.buffer[this.at - 1] = CLOSE[kind]
    this.buffer[this.at++] = COMMA
  }

  /** Writes a property's name with its colon, or another short text. */
  key({ words, length }: ShortText): void {
    this.reserve(4 * words.length + SHORT_VALUE)
    const view = this.view
    let { at } = this
    for (let i = 0; i < words.length; i++, at += 4) view.setInt32(at, words[i]!, true)
    this.at += length
  }

  /** The comma after a name becomes a colon. */
  colon(): void {
    this.buffer[this.at - 1] = 0x3a
  }

  /** Writes a short value that is JSON text. */
  value(text: ShortText): void {
    this.key(text)
    this.buffer[this.at++] = COMMA
  }

  /** Writes a value that is JSON text. */
  text(text: string): void {
    this.reserve(text.length * 3 + 1)
    this.at += this.buffer.utf8Write(text, this.at)
    this.buffer[this.at++] = COMMA
  }

  /** Writes a number; what JSON has no text for becomes null, as JSON.stringify does it. */
  number(value: number): void {
    if ((value | 0) === value) {
      this.#decimal(value | 0, 0)
      return
    }
    // A decimal of at most 15 digits that is the number is its shortest text.
    const thousandths = Math.round(value * 1000)
    if ((thousandths | 0) === thousandths && thousandths / 1000 === value) this.#decimal(thousandths | 0, 3)
    else this.#ascii(number(value))
  }

  /** Writes the string that comes next in a message. */
  string(reader: Reader, end: number): void {
    const stop = reader.end(end)
    const { bytes, view, at: start } = reader
    const length = stop - start
    this.reserve(length + 3)
    const buffer = this.buffer
    const to = this.view
    let from = start
    let at = this.at + 1
    for (; from + 4 <= stop; from += 4, at += 4) {
      const four = view.getInt32(from, true)
      if (!arePlain(four)) {
        this.#escaped(reader, stop)
        return
      }
      to.setInt32(at, four, true)
    }
    for (; from < stop; from++) {
      const byte = bytes[from]!
      if (!isPlain(byte)) {
        this.#escaped(reader, stop)
        return
      }
      buffer[at++] = byte
    }
    buffer[this.at] = QUOTE
    buffer[at++] = QUOTE
    buffer[at++] = COMMA
    this.at = at
    reader.at = stop
  }

  #escaped(reader: Reader, stop: number): void {
    this.text(JSON.stringify(decodeUtf8(reader.bytes, reader.at, stop)))
    reader.at = stop
  }

  /** Begins a map; give what is returned to {@link once} and {@link endKeys}. */
  beginKeys(): number {
    return this.#keysEnd
  }

  /** Notes a map's key that begins at `start`. Throws {@link NOT_CANONICAL} when the map has it already. */
  once(first: number, start: number): void {
    // Without what follows it, which becomes a colon.
    const length = this.at - 1 - start
    const keys = this.#keys
    const end = this.#keysEnd
    if (end - first === FEW_KEYS) {
      this.#onceOfMany(first, start, length)
      return
    }
    for (let i = first; i < end; i++) {
      const { at, bytes } = keys[i]!
      if (bytes === length && this.#areSame(at, start, length)) throw NOT_CANONICAL
    }
    if (end === keys.length) keys.push({ at: start, bytes: length })
    else {
      const key = keys[end]!
      key.at = start
      key.bytes = length
    }
    this.#keysEnd = end + 1
  }

  /** The map is complete. */
  endKeys(first: number): void {
    this.#keysEnd = first
    if (this.#manyKeys.size > 0) this.#manyKeys.delete(first)
  }

  #onceOfMany(first: number, start: number, length: number): void {
    const textOf = (at: number, bytes: number) => this.buffer.toString("latin1", at, at + bytes)
    let many = this.#manyKeys.get(first)
    if (!many) {
      many = new Set(this.#keys.slice(first, this.#keysEnd).map(({ at, bytes }) => textOf(at, bytes)))
      this.#manyKeys.set(first, many)
    }
    const { size } = many
    if (many.add(textOf(start, length)).size === size) throw NOT_CANONICAL
  }

  /** Whether two texts of one length are the same. From their ends: keys often begin alike. */
  #areSame(one: number, other: number, length: number): boolean {
    const buffer = this.buffer
    let i = length - 1
    while (i >= 0 && buffer[one + i] === buffer[other + i]) i--
    return i < 0
  }

  /** Writes an integer over a power of ten, without the zeros at the end. */
  #decimal(value: number, decimals: number): void {
    this.reserve(14)
    const buffer = this.buffer
    let { at } = this
    let rest = value
    if (value < 0) {
      buffer[at++] = MINUS
      rest = -value
    }
    let places = decimals
    while (places > 0 && rest % 10 === 0) {
      rest = (rest / 10) | 0
      places--
    }
    let digits = 1
    for (let limit = 10; limit <= rest; limit *= 10) digits++
    if (digits <= places) digits = places + 1
    let last = at + digits - 1
    if (places > 0) last++
    at = last + 1
    for (let written = 1; written <= digits; written++) {
      const tens = (rest / 10) | 0
      buffer[last--] = ZERO + rest - tens * 10
      rest = tens
      if (written === places) buffer[last--] = POINT
    }
    buffer[at++] = COMMA
    this.at = at
  }

  #ascii(text: string): void {
    const { length } = text
    this.reserve(length + 1)
    const buffer = this.buffer
    let { at } = this
    for (let i = 0; i < length; i++) buffer[at++] = text.charCodeAt(i)
    buffer[at++] = COMMA
    this.at = at
  }

  protected override grow(bytes: number): void {
    if (bytes > MAX_JSON_BYTES) throw tooLarge()
    super.grow(bytes)
  }
}

/** A text that is written often, in words of four bytes. */
export class ShortText {
  readonly words: Int32Array
  /** In bytes. */
  readonly length: number

  constructor(text: string) {
    const bytes = Buffer.from(text)
    const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4)
    padded.set(bytes)
    const view = new DataView(padded.buffer)
    this.words = Int32Array.from({ length: padded.length / 4 }, (_, i) => view.getInt32(4 * i, true))
    this.length = bytes.length
  }
}

/**
 * Whether four bytes are {@link isPlain}, all of them. May say no when they are: a borrow reaches the next.
 */
function arePlain(four: number): boolean {
  // The highest bit of each is set where it is no ASCII, below 0x20, a quote or a backslash.
  const quotes = (four ^ 0x22222222) - 0x01010101
  const backslashes = (four ^ 0x5c5c5c5c) - 0x01010101
  return ((four | (four - 0x20202020) | quotes | backslashes) & 0x80808080) === 0
}
