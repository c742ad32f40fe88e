import { GrowingBuffer } from "./growing-buffer.ts"

/** Thrown by a compiled encoder where a value does not fit; the interpreter then says where and why. */
export const MISFIT = Symbol("misfit")

/** Strings up to this length are written by a loop; longer ones are worth a call into the runtime. */
const SHORT_STRING = 40

/** Unions in unions may need 2^n tries: a value that needs more than this travels as JSON text. */
export const MAX_RETRIES = 10_000

/** A growing buffer that compiled encoders write a message to. */
export class Writer extends GrowingBuffer {
  #retries = 0

  /** Goes back to where a member of a union began, for another try. Throws {@link MISFIT} after too many. */
  retry(at: number): void {
    this.at = at
    this.#retries += 1
    if (this.#retries > MAX_RETRIES) throw MISFIT
  }

  /** Begins a message. */
  start(): void {
    this.at = 0
    this.#retries = 0
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return Buffer.from(this.buffer.subarray(0, this.at))
  }

  byte(value: number): void {
    this.reserve(1)
    this.buffer[this.at++] = value
  }

  varint(value: number): void {
    this.reserve(5)
    let rest = value >>> 0
    while (rest > 0x7f) {
      this.buffer[this.at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.buffer[this.at++] = rest
  }

  /** An integer of up to 64 bits that a JavaScript number has exactly; a negative one takes ten bytes. */
  integer(value: number): void {
    this.reserve(10)
    let low = value >>> 0
    let high = Math.floor(value / 0x1_0000_0000) >>> 0
    while (high !== 0 || low > 0x7f) {
      this.buffer[this.at++] = (low & 0x7f) | 0x80
      low = ((low >>> 7) | (high << 25)) >>> 0
      high >>>= 7
    }
    this.buffer[this.at++] = low
  }

  float(value: number): void {
    this.reserve(4)
    this.view.setFloat32(this.at, value, true)
    this.at += 4
  }

  /** A one-byte tag and a double. */
  taggedDouble(tag: number, value: number): void {
    this.reserve(9)
    this.buffer[this.at] = tag
    this.view.setFloat64(this.at + 1, value, true)
    this.at += 9
  }

  double(value: number): void {
    this.reserve(8)
    this.view.setFloat64(this.at, value, true)
    this.at += 8
  }

  /** Length and bytes. Throws {@link MISFIT} when the string is no Unicode text (a lone surrogate). */
  string(value: string): void {
    const { length } = value
    this.reserve(length * 3 + 5)
    if (length > SHORT_STRING) {
      if (!value.isWellFormed()) throw MISFIT
      const start = this.begin()
      this.at += this.buffer.utf8Write(value, this.at)
      this.end(start)
      return
    }
    const buffer = this.buffer
    const start = this.at
    let at = start + 1
    for (let i = 0; i < length; i++) {
      const unit = value.charCodeAt(i)
      if (unit < 0x80) buffer[at++] = unit
      else if (unit < 0x800) {
        buffer[at++] = 0xc0 | (unit >> 6)
        buffer[at++] = 0x80 | (unit & 0x3f)
      } else if ((unit & 0xf800) !== 0xd800) {
        buffer[at++] = 0xe0 | (unit >> 12)
        buffer[at++] = 0x80 | ((unit >> 6) & 0x3f)
        buffer[at++] = 0x80 | (unit & 0x3f)
      } else {
        const low = value.charCodeAt(++i)
        if (unit > 0xdbff || (low & 0xfc00) !== 0xdc00) throw MISFIT
        const point = 0x10000 + ((unit & 0x3ff) << 10) + (low & 0x3ff)
        buffer[at++] = 0xf0 | (point >> 18)
        buffer[at++] = 0x80 | ((point >> 12) & 0x3f)
        buffer[at++] = 0x80 | ((point >> 6) & 0x3f)
        buffer[at++] = 0x80 | (point & 0x3f)
      }
    }
    this.at = at
    this.end(start)
  }

  /** Leaves one byte for a length; give what is returned to {@link end}. */
  begin(): number {
    this.reserve(1)
    return this.at++
  }

  /** Writes the length of what came since {@link begin}, moving it when the length needs more than a byte. */
  end(start: number): void {
    const length = this.at - start - 1
    if (length < 0x80) {
      this.buffer[start] = length
      return
    }
    const extra = length < 0x4000 ? 1 : length < 0x20_0000 ? 2 : length < 0x1000_0000 ? 3 : 4
    this.reserve(extra)
    this.buffer.copyWithin(start + 1 + extra, start + 1, this.at)
    this.at = start
    this.varint(length)
    this.at += length
  }
}

declare global {
  interface Buffer {
    utf8Write(text: string, offset: number): number
    utf8Slice(start: number, end: number): string
  }
  interface String {
    isWellFormed(): boolean
  }
}
