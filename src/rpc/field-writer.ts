/** Bytes that a varint takes. */
export function varintSize(value: number): number {
  if (value < 0x80) return 1
  if (value < 0x4000) return 2
  if (value < 0x20_0000) return 3
  if (value < 0x1000_0000) return 4
  if (value < 0x8_0000_0000) return 5
  if (value < 0x400_0000_0000) return 6
  return value < 0x2_0000_0000_0000 ? 7 : 8
}

/** Bytes of a field of one-byte tag that holds a varint; 0 is left out. */
export function numberFieldSize(value: number): number {
  return value === 0 ? 0 : 1 + varintSize(value)
}

/** Bytes of a field of one-byte tag and of a length. */
export function delimitedSize(length: number): number {
  return 1 + varintSize(length) + length
}

/** Writes protobuf fields into a buffer that is known to be large enough: sizes are computed first. */
export class FieldWriter {
  readonly buffer: Buffer
  #at: number

  constructor(buffer: Buffer, start: number) {
    this.buffer = buffer
    this.#at = start
  }

  varint(value: number): void {
    const buffer = this.buffer
    let at = this.#at
    let rest = value
    // Bit operations are for 32 bits only.
    while (rest > 0x7fff_ffff) {
      buffer[at++] = (rest % 0x80) + 0x80
      rest = Math.floor(rest / 0x80)
    }
    while (rest > 0x7f) {
      buffer[at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    buffer[at++] = rest
    this.#at = at
  }

  /** A number; 0 is left out. */
  number(tag: number, value: number): void {
    if (value === 0) return
    this.buffer[this.#at++] = tag
    this.varint(value)
  }

  /** The tag and length of a field whose content follows. */
  open(tag: number, length: number): void {
    this.buffer[this.#at++] = tag
    this.varint(length)
  }

  bytes(tag: number, value: Uint8Array): void {
    this.open(tag, value.length)
    this.buffer.set(value, this.#at)
    this.#at += value.length
  }

  string(tag: number, value: string, length: number): void {
    this.open(tag, length)
    this.#at += this.buffer.write(value, this.#at)
  }
}
