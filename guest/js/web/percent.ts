import { native } from "../native.ts"
import { decodeUtf8 } from "./text-coding.ts"

/** Percent-decoding that never fails: what is no valid UTF-8 becomes U+FFFD. */
export function percentDecode(text: string): string {
  if (!text.includes("%")) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return decodeUtf8(percentDecodeBytes(text))
  }
}

function percentDecodeBytes(text: string): Uint8Array {
  const bytes = native.utf8Encode(text)
  const decoded: number[] = []
  for (let i = 0; i < bytes.length; i++) {
    const digits = bytes[i] === 0x25 ? String.fromCharCode(bytes[i + 1] ?? 0, bytes[i + 2] ?? 0) : ""
    if (/^[0-9a-f]{2}$/i.test(digits)) {
      decoded.push(Number.parseInt(digits, 16))
      i += 2
    } else {
      decoded.push(bytes[i]!)
    }
  }
  return Uint8Array.from(decoded)
}

/** Percent-encodes what is outside of ASCII, controls, and the characters that `set` matches. */
export function percentEncode(text: string, set: RegExp): string {
  return text.toWellFormed().replace(set, (characters) => {
    let encoded = ""
    for (const byte of native.utf8Encode(characters))
      encoded += `%${(byte + 256).toString(16).slice(1).toUpperCase()}`
    return encoded
  })
}
