/** Utilities of a world's squares, and the best way from each. */
export interface MdpResult {
  /** Rows from the top; null for walls. */
  utilities: (number | null)[][]
  /** As utilities: `^`, `>`, `v`, `<`, or `.` where the world ends. */
  policy: (string | null)[][]
  iterations: number
}

const WAYS = [
  [-1, 0, "^"],
  [0, 1, ">"],
  [1, 0, "v"],
  [0, -1, "<"],
] as const

const STEP_REWARD = -0.04
const PRECISION = 1e-10

/**
 * Value iteration for a Markov decision process: a grid with walls where a step goes astray to either side one time in
 * ten. With scale 1 it is the 4 by 3 world of Russell and Norvig, "Artificial Intelligence", section "Sequential
 * decision problems"; with a larger one, that world enlarged.
 */
export function mdp(scale: number): MdpResult {
  const [height, width] = [3 * scale, 4 * scale]
  const isWall = (row: number, column: number) => at(row, scale) === 1 && at(column, scale) === 1
  const rewardOf = (row: number, column: number): number | undefined =>
    column === width - 1 ? (row === 0 ? 1 : row === scale ? -1 : undefined) : undefined
  const squares = Array.from({ length: height }, (_, row) =>
    Array.from({ length: width }, (_, column) => rewardOf(row, column) ?? 0),
  )
  const valueAfter = (row: number, column: number, way: number): number => {
    const [down, right] = WAYS[way & 3]!
    const [r, c] = [row + down, column + right]
    const stays = r < 0 || c < 0 || r >= height || c >= width || isWall(r, c)
    return stays ? squares[row]![column]! : squares[r]![c]!
  }
  const expected = (row: number, column: number, way: number): number =>
    0.8 * valueAfter(row, column, way) +
    0.1 * valueAfter(row, column, way + 1) +
    0.1 * valueAfter(row, column, way + 3)
  let iterations = 0
  for (let change = Number.POSITIVE_INFINITY; change > PRECISION; iterations++) {
    change = 0
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        if (isWall(row, column) || rewardOf(row, column) !== undefined) continue
        const best = Math.max(...WAYS.map((_, way) => expected(row, column, way)))
        change = Math.max(change, Math.abs(STEP_REWARD + best - squares[row]![column]!))
        squares[row]![column] = STEP_REWARD + best
      }
    }
  }
  const policy = squares.map((line, row) =>
    line.map((_, column) => {
      if (isWall(row, column)) return null
      if (rewardOf(row, column) !== undefined) return "."
      const values = WAYS.map((_, way) => expected(row, column, way))
      return WAYS[values.indexOf(Math.max(...values))]![2]
    }),
  )
  const utilities = squares.map((line, row) =>
    line.map((value, column) => (isWall(row, column) ? null : value)),
  )
  return { utilities, policy, iterations }
}

/** Which square of the unscaled world. */
function at(index: number, scale: number): number {
  return Math.floor(index / scale)
}
