// What bounds a handler: its time. (Its memory is bounded by the engine, its stack too.)

import { monotonicNow } from "./host"

let deadline: u64 = 0
export let timedOut: bool = false

export function startDeadline(timeoutMs: u32): void {
  timedOut = false
  deadline = timeoutMs == 0 ? 0 : monotonicNow() + u64(timeoutMs) * 1000000
}

/** The engine asks this now and then; 1 stops the script by an uncatchable error. */
export function host_interrupt(): i32 {
  if (deadline == 0) return 0
  if (!timedOut) timedOut = monotonicNow() > deadline
  return i32(timedOut)
}

/** Lets the glue itself use the engine after the deadline. */
export function stopDeadline(): void {
  deadline = 0
}
