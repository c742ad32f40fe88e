/** What the glue gives to this side, as `globalThis.__native`. */
export interface Native {
  /** UTF-8; a lone surrogate becomes U+FFFD. */
  utf8Encode(text: string): Uint8Array<ArrayBuffer>
  /** Malformed UTF-8 becomes U+FFFD or, with `fatal`, a TypeError. A byte order mark is kept. */
  utf8Decode(bytes: Uint8Array | ArrayBuffer, fatal?: boolean): string
  /** One line to stdout for level 0, to stderr for any other. */
  log(level: number, text: string): void
  /** At most 65,536; fixed bytes while the snapshot is built. */
  randomBytes(count: number): Uint8Array<ArrayBuffer>
  /** Milliseconds, with fractions, of a clock that only goes forward. */
  now(): number
}

/** The glue's functions. */
export const native: Native = (globalThis as unknown as { __native: Native }).__native
