/** A checksum of numbers, bit by bit of their 64-bit form (FNV-1a, 32 bits). */
export function checksumOf(values: Iterable<number>): number {
  const bytes = new Uint8Array(8)
  const double = new DataView(bytes.buffer)
  let hash = 0x811c9dc5
  for (const value of values) {
    double.setFloat64(0, value)
    for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193)
  }
  return hash >>> 0
}

/** A checksum of a text, by its UTF-16 code units. */
export function textChecksum(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    hash = Math.imul(hash ^ (unit & 0xff), 0x01000193)
    hash = Math.imul(hash ^ (unit >>> 8), 0x01000193)
  }
  return hash >>> 0
}
