import { GatewayError } from "./gateway-error.ts"

/** Below this length, and in ASCII, a loop beats the call into Buffer. */
const SHORT_STRING = 24

/**
 * Reads protobuf fields in place.
 *
 * The bytes come from a function, so nothing is believed: whatever would leave the buffer is a
 * {@link GatewayError} with code `bad_reply`.
 */
export class ProtoReader {
  readonly #buffer: Buffer
  readonly #end: number
  #at: number

  constructor(bytes: Buffer, start = 0, end = bytes.length) {
    this.#buffer = bytes
    this.#at = start
    this.#end = end
  }

  /** The next field's tag, or 0 at the end. */
  tag(): number {
    return this.#at < this.#end ? this.uint32() : 0
  }

  /** A varint, of which the low 32 bits count. */
  uint32(): number {
    let result = 0
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.#at >= this.#end) throw truncated()
      const byte = this.#buffer[this.#at++]!
      if (shift < 32) result |= (byte & 0x7f) << shift
      if (byte < 0x80) return result >>> 0
    }
    throw new GatewayError("bad_reply", "the function's reply has a varint of more than ten bytes")
  }

  /** A fixed64 field as 16 hex digits. */
  hex64(): string {
    const at = this.#skip(8)
    const high = this.#buffer
      .readUInt32LE(at + 4)
      .toString(16)
      .padStart(8, "0")
    return high + this.#buffer.readUInt32LE(at).toString(16).padStart(8, "0")
  }

  /** A double field. */
  double(): number {
    return this.#buffer.readDoubleLE(this.#skip(8))
  }

  /** A string field. */
  string(): string {
    const length = this.uint32()
    const start = this.#skip(length)
    const buffer = this.#buffer
    if (length < SHORT_STRING) {
      let text = ""
      for (let i = start; i < start + length; i++) {
        const code = buffer[i]!
        if (code > 0x7f) return buffer.toString("utf8", start, start + length)
        text += String.fromCharCode(code)
      }
      return text
    }
    return buffer.toString("utf8", start, start + length)
  }

  /** A bytes field, not copied. */
  bytes(): Uint8Array {
    const length = this.uint32()
    const start = this.#skip(length)
    return new Uint8Array(this.#buffer.buffer, this.#buffer.byteOffset + start, length)
  }

  /** A message field's own fields. */
  message(): ProtoReader {
    const length = this.uint32()
    const start = this.#skip(length)
    return new ProtoReader(this.#buffer, start, start + length)
  }

  /** Passes over a field that the reader does not know. */
  unknown(tag: number): void {
    switch (tag & 7) {
      case 0:
        this.uint32()
        return
      case 1:
        this.#skip(8)
        return
      case 2:
        this.#skip(this.uint32())
        return
      case 5:
        this.#skip(4)
        return
      default:
        throw new GatewayError("bad_reply", `the function's reply has a field of wire type ${tag & 7}`)
    }
  }

  #skip(length: number): number {
    const start = this.#at
    if (length > this.#end - start) throw truncated()
    this.#at = start + length
    return start
  }
}

const truncated = () => new GatewayError("bad_reply", "the function's reply ends in the middle of a field")
