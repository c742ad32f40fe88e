/**
 * The first digits of pi, by Gibbons' spigot.
 *
 * @see https://www.cs.ox.ac.uk/jeremy.gibbons/publications/spigot.pdf
 */
export function piDigits(count: number): string {
  let digits = ""
  let [q, r, t, k, n, l] = [1n, 0n, 1n, 1n, 3n, 3n]
  while (digits.length < count) {
    if (4n * q + r - t < n * t) {
      digits += n
      const next = 10n * (r - n * t)
      n = (10n * (3n * q + r)) / t - 10n * n
      q *= 10n
      r = next
    } else {
      const next = (2n * q + r) * l
      n = (q * (7n * k + 2n) + r * l) / (t * l)
      q *= k
      t *= l
      l += 2n
      k += 1n
      r = next
    }
  }
  return digits
}
