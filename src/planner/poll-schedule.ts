/** Longest wait between two polls, in ms. */
const MAX_WAIT_MS = 100
/** How much longer each wait is than the one before. */
const GROWTH = 1.6
/** Share of a new measurement in the running average of a function's duration. */
const WEIGHT = 0.2
/** Functions whose duration is remembered. */
const MAX_FUNCTIONS = 1000

/**
 * When to ask the planner for a result: about when the function took its time before, then again and again with
 * growing waits. So a quick function is answered quickly, and a slow one does not flood the planner.
 */
export class PollSchedule {
  /** Running average of each function's duration in ms. */
  readonly #expected = new Map<string, number>()

  /**
   * How long to wait before a poll, in ms.
   *
   * @param poll - 0 for the call's first
   */
  waitMs(functionKey: string, poll: number): number {
    const expected = this.#expected.get(functionKey) ?? 0
    // Early rather than late: a poll too many costs less than a wait too long.
    const wait = poll === 0 ? expected * 0.8 : Math.max(expected * 0.2, 0.5) * GROWTH ** (poll - 1)
    return Math.min(wait, MAX_WAIT_MS)
  }

  /** Remembers how long a function ran, in ms. */
  observe(functionKey: string, tookMs: number): void {
    const before = this.#expected.get(functionKey)
    if (before === undefined && this.#expected.size >= MAX_FUNCTIONS) this.#expected.clear()
    this.#expected.set(functionKey, before === undefined ? tookMs : before + (tookMs - before) * WEIGHT)
  }
}
