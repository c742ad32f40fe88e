/** Below this length, and in ASCII, a loop beats the call into Buffer. */
const SHORT_STRING = 32

/**
 * Writes protobuf fields into one growing buffer.
 *
 * The envelope is written for every request, so this is a plain single pass: no tree, no object per
 * field. Not reentrant: take the result with {@link ProtoWriter.finish} before the next message.
 */
export class ProtoWriter {
  #buffer = Buffer.allocUnsafeSlow(16 * 1024)
  #at = 0

  /** Starts a message, and forgets an unfinished one. */
  start(): this {
    // A single huge request must not keep its memory for the life of the process.
    if (this.#buffer.length > 1024 * 1024) this.#buffer = Buffer.allocUnsafeSlow(16 * 1024)
    this.#at = 0
    return this
  }

  /** Copies the message out. */
  finish(): Uint8Array {
    return new Uint8Array(this.#buffer.subarray(0, this.#at))
  }

  /** Bytes as they are: a prefix that was encoded before. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#buffer.set(bytes, this.#at)
    this.#at += bytes.length
  }

  /** An element of a repeated varint field: written also when zero. */
  index(tag: number, value: number): void {
    this.#reserve(10)
    this.#varint(tag)
    this.#varint(value)
  }

  /** A bool field: written also when false. */
  bool(tag: number, value: boolean): void {
    this.#reserve(6)
    this.#varint(tag)
    this.#varint(value ? 1 : 0)
  }

  /** A double field of a oneof: written also when zero. */
  double(tag: number, value: number): void {
    this.#reserve(13)
    this.#varint(tag)
    this.#at = this.#buffer.writeDoubleLE(value, this.#at)
  }

  /** A string field, written also when empty. Lone surrogates become U+FFFD, as in any UTF-8. */
  string(tag: number, value: string): void {
    const length = value.length
    this.#reserve(10 + length * 3)
    this.#varint(tag)
    if (length < SHORT_STRING) {
      const buffer = this.#buffer
      const start = this.#at + 1
      let i = 0
      for (; i < length; i++) {
        const code = value.charCodeAt(i)
        if (code > 0x7f) break
        buffer[start + i] = code
      }
      if (i === length) {
        buffer[this.#at] = length
        this.#at = start + length
        return
      }
    }
    this.#varint(Buffer.byteLength(value))
    this.#at += this.#buffer.write(value, this.#at)
  }

  /** A bytes field, written also when empty. */
  bytes(tag: number, value: Uint8Array): void {
    this.#reserve(10 + value.length)
    this.#varint(tag)
    this.#varint(value.length)
    this.#buffer.set(value, this.#at)
    this.#at += value.length
  }

  /**
   * Opens a field that is a message; its fields follow, then {@link ProtoWriter.close} with what this returned.
   */
  open(tag: number): number {
    this.#reserve(10)
    this.#varint(tag)
    return this.#at++
  }

  /** Closes a message field: now its length is known, and goes before it. */
  close(lengthAt: number): void {
    const length = this.#at - lengthAt - 1
    if (length < 0x80) {
      this.#buffer[lengthAt] = length
      return
    }
    const size = length < 0x4000 ? 2 : length < 0x20_0000 ? 3 : length < 0x1000_0000 ? 4 : 5
    this.#reserve(size)
    this.#buffer.copyWithin(lengthAt + size, lengthAt + 1, this.#at)
    this.#at = lengthAt
    this.#varint(length)
    this.#at += length
  }

  #varint(value: number): void {
    const buffer = this.#buffer
    let at = this.#at
    let rest = value >>> 0
    while (rest > 0x7f) {
      buffer[at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    buffer[at++] = rest
    this.#at = at
  }

  #reserve(bytes: number): void {
    const needed = this.#at + bytes
    if (needed <= this.#buffer.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2))
    this.#buffer.copy(larger, 0, 0, this.#at)
    this.#buffer = larger
  }
}
