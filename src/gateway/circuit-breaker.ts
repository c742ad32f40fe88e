/** Failures in a row that open the breaker. */
const THRESHOLD = 3
/** First pause before a probe, in ms; doubled after each probe that fails. */
const FIRST_PAUSE_MS = 500
/** Longest pause between probes, in ms. */
const MAX_PAUSE_MS = 30_000

/**
 * Keeps calls off a way that does not work, and lets one through now and then to see whether it does again.
 */
export class CircuitBreaker {
  readonly #now: () => number
  #failures = 0
  #pauseMs = FIRST_PAUSE_MS
  /** When the next probe may go; undefined while the breaker is closed. */
  #probeAt: number | undefined
  #probing = false

  /** @param now - a monotonic clock in ms; `performance.now` unless a test says otherwise */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** Calls take the other way. */
  get open(): boolean {
    return this.#probeAt !== undefined
  }

  /**
   * Whether a call may take the way. While the breaker is open this is true for one call after each pause, the
   * probe; its {@link CircuitBreaker.succeeded} or {@link CircuitBreaker.failed} decides.
   */
  allows(): boolean {
    if (this.#probeAt === undefined) return true
    if (this.#probing || this.#now() < this.#probeAt) return false
    this.#probing = true
    return true
  }

  /** The way works. Returns true when that closes the breaker. */
  succeeded(): boolean {
    const wasOpen = this.open
    this.#failures = 0
    this.#pauseMs = FIRST_PAUSE_MS
    this.#probeAt = undefined
    this.#probing = false
    return wasOpen
  }

  /**
   * The way does not work. Returns true when that opens the breaker.
   *
   * @param lasting - it is not down but does not exist: open at once, and probe rarely
   */
  failed(lasting = false): boolean {
    this.#failures += 1
    const wasOpen = this.open
    if (!wasOpen && !lasting && this.#failures < THRESHOLD) return false
    // A call that started before the breaker opened says nothing new.
    if (wasOpen && !this.#probing) return false
    this.#pauseMs = lasting
      ? MAX_PAUSE_MS
      : wasOpen
        ? Math.min(this.#pauseMs * 2, MAX_PAUSE_MS)
        : this.#pauseMs
    this.#probeAt = this.#now() + this.#pauseMs
    this.#probing = false
    return !wasOpen
  }

  /** The probe ended without telling anything about the way, such as by the caller's leaving. */
  undecided(): void {
    this.#probing = false
  }
}
