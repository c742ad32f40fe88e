import { CodecError } from "./codec-error.ts"

/** Strings up to this many bytes are read by a loop; longer ones are worth a call into the runtime. */
const SHORT_STRING = 24

/** A position in bytes that compiled decoders read a message from. Every length is checked against the end. */
export class Reader {
  readonly bytes: Buffer
  readonly view: DataView
  /** Next byte to read. */
  at: number

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    this.at = 0
  }

  /** The next tag; 0 at the end. */
  tag(end: number): number {
    if (this.at >= end) return 0
    const first = this.bytes[this.at]!
    if (first > 0 && first < 0x80) {
      this.at++
      return first
    }
    const tag = this.varint(end)
    if (tag === 0) throw new CodecError("malformed", "a field has the number 0")
    return tag
  }

  /** A varint of which the lower 32 bits count: a tag, a length, an enum, a bool (see {@link bool}). */
  varint(end: number): number {
    const { bytes } = this
    let value = 0
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.at >= end) throw truncated()
      const byte = bytes[this.at++]!
      if (shift < 32) value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value >>> 0
    }
    throw new CodecError("malformed", "a varint has more than 10 bytes")
  }

  bool(end: number): boolean {
    let set = false
    for (let i = 0; i < 10; i++) {
      if (this.at >= end) throw truncated()
      const byte = this.bytes[this.at++]!
      if (byte & 0x7f) set = true
      if (byte < 0x80) return set
    }
    throw new CodecError("malformed", "a varint has more than 10 bytes")
  }

  /** A varint of 64 bits. Throws {@link CodecError} when it has more than a JavaScript number has exactly. */
  integer(end: number, signed: boolean): number {
    let low = 0
    let high = 0
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.at >= end) throw truncated()
      const byte = this.bytes[this.at++]!
      const bits = byte & 0x7f
      if (shift < 28) low |= bits << shift
      else if (shift === 28) {
        low |= bits << 28
        high = bits >>> 4
      } else high |= bits << (shift - 32)
      if (byte >= 0x80) continue
      const value = (signed ? high | 0 : high >>> 0) * 0x1_0000_0000 + (low >>> 0)
      if (Number.isSafeInteger(value)) return value
      throw new CodecError("not_convertible", "an integer is beyond what a JavaScript number has exactly")
    }
    throw new CodecError("malformed", "a varint has more than 10 bytes")
  }

  float(end: number): number {
    if (end - this.at < 4) throw truncated()
    const value = this.view.getFloat32(this.at, true)
    this.at += 4
    return value
  }

  double(end: number): number {
    if (end - this.at < 8) throw truncated()
    const value = this.view.getFloat64(this.at, true)
    this.at += 8
    return value
  }

  /** Reads a length and returns where that many bytes end. */
  end(end: number): number {
    const first = this.at < end ? this.bytes[this.at]! : 0x80
    let length: number
    if (first < 0x80) {
      this.at++
      length = first
    } else length = this.varint(end)
    if (length > end - this.at) throw truncated()
    return this.at + length
  }

  string(end: number): string {
    const stop = this.end(end)
    const { bytes } = this
    const start = this.at
    this.at = stop
    return (
      (stop - start <= SHORT_STRING ? readAscii(bytes, start, stop) : undefined) ??
      decodeUtf8(bytes, start, stop)
    )
  }

  /** The string that comes next, as JSON text. */
  jsonString(end: number): string {
    const stop = this.end(end)
    const { bytes } = this
    const start = this.at
    this.at = stop
    if (stop - start <= SHORT_STRING) {
      let at = start
      for (; at < stop; at++) {
        if (!isPlain(bytes[at]!)) break
      }
      if (at === stop) return `"${readAscii(bytes, start, stop)}"`
    }
    return JSON.stringify(decodeUtf8(bytes, start, stop))
  }

  /** Passes over a field that is not known. */
  skip(tag: number, end: number, depth: number): void {
    if (tag >>> 3 === 0) throw new CodecError("malformed", "a field has the number 0")
    switch (tag & 7) {
      case 0:
        this.bool(end)
        return
      case 1:
        this.#advance(8, end)
        return
      case 2:
        this.at = this.end(end)
        return
      case 3:
        if (depth <= 0) throw tooDeep()
        for (;;) {
          const inner = this.varint(end)
          if ((inner & 7) === 4) {
            if (inner >>> 3 !== tag >>> 3) throw new CodecError("malformed", "a group ends another one")
            return
          }
          this.skip(inner, end, depth - 1)
        }
      case 5:
        this.#advance(4, end)
        return
      default:
        throw new CodecError("malformed", `a field has the wire type ${tag & 7}`)
    }
  }

  #advance(bytes: number, end: number): void {
    if (end - this.at < bytes) throw truncated()
    this.at += bytes
  }
}

/**
 * A short string, or undefined when it isn't ASCII. Eight characters are made into a string at once: of single ones, V8
 * would build a rope that is flattened later.
 */
function readAscii(b: Buffer, start: number, stop: number): string | undefined {
  let text = ""
  let at = start
  for (; at + 8 <= stop; at += 8) {
    const c = b[at]!
    const d = b[at + 1]!
    const e = b[at + 2]!
    const f = b[at + 3]!
    const g = b[at + 4]!
    const h = b[at + 5]!
    const i = b[at + 6]!
    const j = b[at + 7]!
    if ((c | d | e | f | g | h | i | j) > 0x7f) return undefined
    text += String.fromCharCode(c, d, e, f, g, h, i, j)
  }
  for (; at < stop; at++) {
    const byte = b[at]!
    if (byte > 0x7f) return undefined
    text += String.fromCharCode(byte)
  }
  return text
}

/** Whether a byte is ASCII that is the same in a JSON string. */
export function isPlain(byte: number): boolean {
  return byte >= 0x20 && byte <= 0x7e && byte !== 0x22 && byte !== 0x5c
}

const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** Text of bytes. Throws {@link CodecError} when they are no UTF-8. */
export function decodeUtf8(bytes: Buffer, start: number, end: number): string {
  const text = bytes.utf8Slice(start, end)
  // The replacement character may be in the text itself, or stand for bytes that are no UTF-8.
  if (!text.includes("\ufffd")) return text
  try {
    return strictDecoder.decode(bytes.subarray(start, end))
  } catch (cause) {
    throw new CodecError("malformed", "a string is not UTF-8", { cause })
  }
}

function truncated(): CodecError {
  return new CodecError("malformed", "the message ends in the middle of a field")
}

/** There are more messages in messages than a codec follows. */
export function tooDeep(): CodecError {
  return new CodecError("too_deep", "the message is nested too deeply")
}
