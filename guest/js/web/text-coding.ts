import { native } from "../native.ts"

/** The web's TextEncoder. */
export class TextEncoder {
  readonly encoding = "utf-8"

  encode(text = ""): Uint8Array<ArrayBuffer> {
    return native.utf8Encode(String(text))
  }

  encodeInto(text: string, into: Uint8Array): { read: number; written: number } {
    let read = 0
    let written = 0
    for (const character of text) {
      const bytes = native.utf8Encode(character)
      if (written + bytes.length > into.length) break
      into.set(bytes, written)
      written += bytes.length
      read += character.length
    }
    return { read, written }
  }
}

const labels = ["utf-8", "utf8", "unicode-1-1-utf-8"]

/** The web's TextDecoder, for UTF-8. */
export class TextDecoder {
  readonly encoding = "utf-8"
  readonly fatal: boolean
  readonly ignoreBOM: boolean
  /** The beginning of a character, with `stream`. */
  #rest = new Uint8Array()
  #begun = false

  constructor(label = "utf-8", options?: { fatal?: boolean; ignoreBOM?: boolean }) {
    if (!labels.includes(String(label).trim().toLowerCase())) {
      throw new RangeError(`TextDecoder: functions know only UTF-8, not "${label}"`)
    }
    this.fatal = options?.fatal === true
    this.ignoreBOM = options?.ignoreBOM === true
  }

  decode(input?: ArrayBuffer | ArrayBufferView, options?: { stream?: boolean }): string {
    let bytes = toBytes(input)
    if (this.#rest.length > 0) {
      const joined = new Uint8Array(this.#rest.length + bytes.length)
      joined.set(this.#rest)
      joined.set(bytes, this.#rest.length)
      bytes = joined
      this.#rest = new Uint8Array()
    }
    if (options?.stream) {
      const end = completeEnd(bytes)
      this.#rest = bytes.slice(end)
      bytes = bytes.subarray(0, end)
    }
    const text = native.utf8Decode(bytes, this.fatal)
    const atStart = !this.#begun
    this.#begun = options?.stream === true && (!atStart || bytes.length > 0)
    return atStart && !this.ignoreBOM ? withoutBom(text) : text
  }
}

/** UTF-8 to text as bodies are read: without byte order mark, U+FFFD for what is malformed. */
export function decodeUtf8(bytes: Uint8Array): string {
  return withoutBom(native.utf8Decode(bytes))
}

function withoutBom(text: string): string {
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
}

function toBytes(input: ArrayBuffer | ArrayBufferView | undefined): Uint8Array<ArrayBuffer> {
  if (input === undefined) return new Uint8Array()
  if (ArrayBuffer.isView(input))
    return new Uint8Array(input.buffer as ArrayBuffer, input.byteOffset, input.byteLength)
  return new Uint8Array(input)
}

/** Where the last character that may still be incomplete begins. */
function completeEnd(bytes: Uint8Array): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back]!
    if (byte < 0x80) return bytes.length
    if (byte >= 0xc0) {
      const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2
      return needed > back ? bytes.length - back : bytes.length
    }
  }
  return bytes.length
}
