/** Takes lists apart, ten names at a time, and adds up what was in them. */
export function unpackSequence(rounds: number): { unpacked: number; sum: number } {
  const list = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] as const
  let sum = 0
  for (let round = 0; round < rounds; round++) {
    const [a, b, c, d, e, f, g, h, i, j] = list
    const [first, second, ...rest] = list
    sum += a + b + c + d + e + f + g + h + i + j + first + second + rest.length
  }
  return { unpacked: rounds * 2, sum }
}
