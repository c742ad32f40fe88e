const FIRST_MS = 20
const MOST_MS = 2000

/** Pauses between attempts to connect: doubled each time, and jittered so that clients do not come back all at once. */
export class BackOff {
  #failures = 0

  /** The next pause, in ms. */
  next(): number {
    const most = Math.min(MOST_MS, FIRST_MS * 2 ** this.#failures)
    this.#failures++
    return most * (0.5 + Math.random() / 2)
  }

  /** It works again. */
  reset(): void {
    this.#failures = 0
  }
}
