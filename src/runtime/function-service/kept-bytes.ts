/** What all sessions of a server keep for their clients together: results without acknowledgement, and inputs held back. */
export class KeptBytes {
  readonly #maxBytes: number
  readonly #sessions: () => number
  #bytes = 0

  /**
   * @param maxBytes - from where on sessions with more than their share have to wait
   * @param sessions - how many share it
   */
  constructor(maxBytes: number, sessions: () => number) {
    this.#maxBytes = maxBytes
    this.#sessions = sessions
  }

  /** Bytes that are kept. */
  get bytes(): number {
    return this.#bytes
  }

  /** A session keeps so many bytes more (or less) than before. */
  change(bytes: number): void {
    this.#bytes += bytes
  }

  /** Whether a session with `own` bytes has to wait. One that keeps little never pays for those that keep much. */
  isExceededBy(own: number): boolean {
    return this.#bytes > this.#maxBytes && own * this.#sessions() > this.#maxBytes
  }
}
