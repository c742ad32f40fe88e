/** The bytes are not the WebAssembly that a reader expects. */
export class WasmFormatError extends Error {
  constructor(message: string) {
    super(message)
    this.name = "WasmFormatError"
  }
}

/** Reads WebAssembly's primitives from a range of bytes; throws {@link WasmFormatError} at its end. */
export class ByteReader {
  readonly bytes: Uint8Array
  /** Index of the next byte. */
  position: number
  /** Index after the last byte. */
  readonly end: number

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes
    this.position = start
    this.end = end
  }

  get done(): boolean {
    return this.position >= this.end
  }

  u8(): number {
    if (this.position >= this.end) throw new WasmFormatError(`ends too early, at byte ${this.position}`)
    return this.bytes[this.position++]!
  }

  /** An unsigned LEB128 of up to 32 bits. */
  u32(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.u8()
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) {
        if (value > 0xffffffff) break
        return value
      }
    }
    throw new WasmFormatError(`a number is too large, before byte ${this.position}`)
  }

  /** A signed LEB128 of up to 32 bits. */
  s32(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.u8()
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return shift < 25 && byte & 0x40 ? value | (-1 << (shift + 7)) : value
    }
    throw new WasmFormatError(`a number is too large, before byte ${this.position}`)
  }

  /** Skips a LEB128 of up to 64 bits. */
  skipLeb(): void {
    for (let count = 0; count < 10; count++) if (this.u8() < 0x80) return
    throw new WasmFormatError(`a number is too large, before byte ${this.position}`)
  }

  skip(count: number): void {
    if (count > this.end - this.position) throw new WasmFormatError(`ends too early, at byte ${this.end}`)
    this.position += count
  }

  /** The next bytes, not copied. */
  take(count: number): Uint8Array {
    const start = this.position
    this.skip(count)
    return this.bytes.subarray(start, this.position)
  }

  /** A string with its length before it. */
  name(): string {
    return Buffer.from(this.take(this.u32())).toString("utf8")
  }
}
