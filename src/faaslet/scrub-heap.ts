/**
 * Clears what was freed while an app was initialised, so that a snapshot holds no dead bytes.
 *
 * @module
 */
import type { GuestInstance } from "./guest-instance.ts"

const LARGEST = 1 << 22
const SMALLEST = 64

/**
 * Takes every free chunk below `end` (where the never used rest of the heap begins), fills it with zeros and gives it
 * back. The allocator takes the best fit, so it hands out what lies beyond only when nothing fits before.
 */
export function scrubHeap(guest: GuestInstance): void {
  const { malloc, free } = guest.exports
  // Larger than any hole: this is where the rest begins.
  const rest = malloc!(LARGEST * 2) >>> 0
  free!(rest)
  const taken: number[] = []
  for (let size = LARGEST; size >= SMALLEST; size -= size > 8192 ? size >>> 3 : 16) {
    for (;;) {
      const ptr = malloc!(size) >>> 0
      if (ptr === 0 || ptr >= rest) {
        free!(ptr)
        break
      }
      guest.memory.fill(0, ptr, ptr + size)
      taken.push(ptr)
    }
  }
  for (const ptr of taken) free!(ptr)
}
