import { native } from "./native.ts"

interface Timer {
  due: number
  run: () => void
  every: number | undefined
}

const timers = new Map<number, Timer>()
let lastId = 0

/** A function ends with its answer, so a timer fires only if the answer waits for it. */
function start(callback: unknown, ms: unknown, args: unknown[], repeat: boolean): number {
  if (typeof callback !== "function") throw new TypeError("The timer's callback must be a function")
  const delay = Math.max(1, Number(ms) || 0)
  timers.set(++lastId, {
    due: native.now() + delay,
    run: () => callback(...args),
    every: repeat ? delay : undefined,
  })
  return lastId
}

export const setTimeout = (callback: unknown, ms?: unknown, ...args: unknown[]) =>
  start(callback, ms, args, false)
export const setInterval = (callback: unknown, ms?: unknown, ...args: unknown[]) =>
  start(callback, ms, args, true)
export const setImmediate = (callback: unknown, ...args: unknown[]) => start(callback, 0, args, false)
export const clearTimer = (id: unknown): void => void timers.delete(Number(id))

/** Forgets the timers that loading the app started: nothing would ever fire them. */
export function dropTimers(): void {
  timers.clear()
}

/**
 * Fires the timer that is due next, after waiting for it; false when there is none. The host has no way to
 * sleep, so waiting takes processor time.
 */
export function fireNextTimer(): boolean {
  let next: [number, Timer] | undefined
  for (const entry of timers) if (!next || entry[1].due < next[1].due) next = entry
  if (!next) return false
  const [id, timer] = next
  while (native.now() < timer.due);
  if (timer.every === undefined) timers.delete(id)
  else timer.due += timer.every
  timer.run()
  return true
}
