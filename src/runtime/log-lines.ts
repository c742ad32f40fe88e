/** The longest line of a function that is passed on whole, in bytes. */
const MAX_LINE_BYTES = 8192

/** The most lines of a call. */
const MAX_LINES = 500

const NEWLINE = 10

/** Cuts what a guest prints in one call into lines, and bounds it. */
export class LogLines {
  #rest: Buffer = Buffer.alloc(0)
  #bytesLeft: number
  #linesLeft = MAX_LINES
  readonly #emit: (line: string) => void

  /** @param maxBytes Most bytes that are passed on; what comes after is dropped, with a note. */
  constructor(maxBytes: number, emit: (line: string) => void) {
    this.#bytesLeft = maxBytes
    this.#emit = emit
  }

  write(bytes: Uint8Array): void {
    if (this.#bytesLeft <= 0 || this.#linesLeft <= 0) return
    const kept = bytes.subarray(0, this.#bytesLeft)
    this.#bytesLeft -= kept.length
    // Copied: the bytes are the guest's memory.
    let rest = Buffer.concat([this.#rest, kept])
    for (;;) {
      const end = rest.indexOf(NEWLINE)
      if (end < 0 && rest.length < MAX_LINE_BYTES) break
      const length = end < 0 ? MAX_LINE_BYTES : Math.min(end, MAX_LINE_BYTES)
      this.#line(rest.subarray(0, length))
      rest = rest.subarray(length === end ? end + 1 : length)
    }
    this.#rest = rest
    if (this.#bytesLeft <= 0) {
      this.end()
      this.#note()
    }
  }

  /** Passes on what is left without a newline. */
  end(): void {
    if (this.#rest.length === 0) return
    this.#line(this.#rest)
    this.#rest = Buffer.alloc(0)
  }

  #line(bytes: Buffer): void {
    if (this.#linesLeft <= 0) return
    this.#linesLeft--
    this.#emit(bytes.toString("utf8"))
    if (this.#linesLeft === 0) this.#note()
  }

  #note(): void {
    this.#emit("(the rest of what this call printed is not shown)")
  }
}
