/**
 * Finds the state of Math.random in QuickJS's context, so that the glue can seed it anew for each call: the
 * engine has no function for that, and a snapshot would freeze it.
 *
 * @module
 */
import type { GuestInstance } from "./guest-instance.ts"
import { PackError } from "./pack-error.ts"

// JSContext is smaller.
const SEARCH_BYTES = 4096
const MASK = (1n << 64n) - 1n

/** Address of the 64-bit state. Throws a PackError when the engine is not the one that this knows. */
export function findRandomState(guest: GuestInstance): number {
  const context = guest.exports.qjs_get_context_ptr!() >>> 0
  const before = guest.memory.slice(context, context + SEARCH_BYTES)
  guest.evaluate("Math.random()", "Math.random")
  const after = guest.memory.slice(context, context + SEARCH_BYTES)
  const old = new DataView(before.buffer)
  const now = new DataView(after.buffer)
  for (let at = 0; at + 8 <= SEARCH_BYTES; at += 8) {
    const state = old.getBigUint64(at, true)
    if (state !== 0n && now.getBigUint64(at, true) === xorshift(state)) return context + at
  }
  throw new PackError(
    "toolchain",
    "Math.random's state is not where it was in the engine: the engine has changed",
  )
}

function xorshift(state: bigint): bigint {
  state ^= state >> 12n
  state = (state ^ (state << 25n)) & MASK
  return state ^ (state >> 27n)
}
