/**
 * Waits; returns early, without an error, when the signal aborts.
 *
 * Less than a millisecond is one turn of the event loop, since timers are no finer.
 */
export function wait(ms: number, signal?: AbortSignal): Promise<void> {
  if (ms < 1) return new Promise((resolve) => setImmediate(resolve))
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const done = () => {
      clearTimeout(timer)
      signal?.removeEventListener("abort", done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal?.addEventListener("abort", done)
  })
}
