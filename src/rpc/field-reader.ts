import { MalformedFrameError } from "./malformed-frame-error.ts"

/**
 * Reads protobuf fields in place, without an object per message. Nothing that it reads is believed: whatever would
 * leave the buffer is a {@link MalformedFrameError}.
 */
export class FieldReader {
  readonly #bytes: Uint8Array
  #end: number
  #at: number

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#at = 0
    this.#end = bytes.length
  }

  /** The next field's tag, or 0 at the end of the message. */
  tag(): number {
    if (this.#at === this.#end) return 0
    const tag = this.varint()
    if (tag < 8 || tag > 0xffff_ffff) throw malformed(`has the invalid field tag ${tag}`)
    return tag
  }

  /** A varint that fits a safe integer. */
  varint(): number {
    const bytes = this.#bytes
    let at = this.#at
    let value = 0
    let unit = 1
    for (let count = 0; count < 10; count++) {
      if (at >= this.#end) throw malformed("ends within a number")
      const byte = bytes[at++]!
      value += (byte & 0x7f) * unit
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) throw malformed("has a number above 2^53")
        this.#at = at
        return value
      }
      unit *= 0x80
    }
    throw malformed("has a number of more than ten bytes")
  }

  /** A uint32 field; larger numbers are cut, as protobuf says. */
  uint32(): number {
    return this.varint() % 0x1_0000_0000
  }

  /** An int32 or enum field; a negative number has ten bytes, and larger ones are cut. */
  int32(): number {
    let value = 0
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.#at >= this.#end) throw malformed("ends within a number")
      const byte = this.#bytes[this.#at++]!
      // A shift by 32 and more would begin at 0 again.
      if (shift < 32) value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    throw malformed("has a number of more than ten bytes")
  }

  /** A bytes field, not copied. */
  bytes(): Uint8Array {
    const start = this.#delimited()
    return this.#bytes.subarray(start, this.#at)
  }

  /** A string field. */
  string(): string {
    const start = this.#delimited()
    const { buffer, byteOffset } = this.#bytes
    return Buffer.from(buffer, byteOffset + start, this.#at - start).toString("utf8")
  }

  /** Enters a message field; returns what {@link FieldReader.leave} needs. */
  enter(): number {
    const start = this.#delimited()
    const outer = this.#end
    this.#end = this.#at
    this.#at = start
    return outer
  }

  /** Leaves a message field that has been read to its end. */
  leave(outer: number): void {
    this.#end = outer
  }

  /** Whether the message has no more fields. */
  get atEnd(): boolean {
    return this.#at === this.#end
  }

  /** Passes over a field that the reader does not know. */
  skip(tag: number): void {
    switch (tag & 7) {
      case 0:
        this.#skipVarint()
        return
      case 1:
        this.#take(8)
        return
      case 2:
        this.#delimited()
        return
      case 5:
        this.#take(4)
        return
      default:
        throw malformed(`has a field of wire type ${tag & 7}`)
    }
  }

  #skipVarint(): void {
    for (let count = 0; count < 10; count++) {
      if (this.#at >= this.#end) throw malformed("ends within a number")
      if (this.#bytes[this.#at++]! < 0x80) return
    }
    throw malformed("has a number of more than ten bytes")
  }

  #delimited(): number {
    return this.#take(this.varint())
  }

  #take(length: number): number {
    const start = this.#at
    if (length > this.#end - start) throw malformed("ends within a field")
    this.#at = start + length
    return start
  }
}

const malformed = (what: string) => new MalformedFrameError("malformed", `the frame ${what}`)
