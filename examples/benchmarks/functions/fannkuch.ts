/** What {@link fannkuch} found. */
export interface FannkuchResult {
  checksum: number
  maxFlips: number
}

/**
 * Flips pancakes for every permutation of 1 to n, in the order of the published benchmark.
 *
 * @see https://benchmarksgame-team.pages.debian.net/benchmarksgame/description/fannkuchredux.html
 */
export function fannkuch(n: number): FannkuchResult {
  const permutation = Array.from({ length: n }, (_, i) => i)
  const flipped = new Array<number>(n).fill(0)
  const count = new Array<number>(n).fill(0)
  let maxFlips = 0
  let checksum = 0
  let index = 0
  for (let r = n; ; ) {
    for (; r !== 1; r--) count[r - 1] = r
    const flips = countFlips(permutation, flipped)
    maxFlips = Math.max(maxFlips, flips)
    checksum += index % 2 === 0 ? flips : -flips
    // The next permutation: rotate ever longer prefixes.
    for (;;) {
      if (r === n) return { checksum, maxFlips }
      const first = permutation[0]!
      for (let i = 0; i < r; i++) permutation[i] = permutation[i + 1]!
      permutation[r] = first
      count[r]! -= 1
      if (count[r]! > 0) break
      r += 1
    }
    index += 1
  }
}

function countFlips(permutation: readonly number[], scratch: number[]): number {
  for (let i = 0; i < permutation.length; i++) scratch[i] = permutation[i]!
  let flips = 0
  for (let first = scratch[0]!; first !== 0; first = scratch[0]!) {
    for (let low = 0, high = first; low < high; low++, high--) {
      const kept = scratch[low]!
      scratch[low] = scratch[high]!
      scratch[high] = kept
    }
    flips += 1
  }
  return flips
}
