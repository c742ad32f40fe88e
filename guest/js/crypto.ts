import { native } from "./native.ts"
import { stub } from "./unavailable.ts"

/** The web's crypto, as far as it needs no algorithms. */
export const crypto = {
  getRandomValues<T extends ArrayBufferView>(array: T): T {
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
    if (bytes.length > 65_536) {
      throw new DOMException("The requested length exceeds 65,536 bytes", "QuotaExceededError")
    }
    bytes.set(native.randomBytes(bytes.length))
    return array
  },

  randomUUID(): string {
    const bytes = native.randomBytes(16)
    bytes[6] = (bytes[6]! & 0x0f) | 0x40
    bytes[8] = (bytes[8]! & 0x3f) | 0x80
    const hex = Array.from(bytes, (byte) => (byte + 256).toString(16).slice(1)).join("")
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
  },

  subtle: stub("crypto.subtle"),
}
