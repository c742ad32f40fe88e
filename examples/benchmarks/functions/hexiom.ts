import { randomOf } from "./random.ts"

/**
 * A board of hexagonal cells, `radius` of them from the centre to each corner. Each cell is empty or holds a tile with a
 * number: how many of its neighbours hold tiles.
 */
export interface HexiomResult {
  cells: number
  tiles: number
  /** Cells that were tried. */
  steps: number
  /** Rows from the top: numbers, and `.` for empty cells. */
  solution: string[]
}

const EMPTY = -1
const UNKNOWN = -2

/** Cells in rows, with the indices of their neighbours. */
interface Board {
  rows: number[][]
  neighbours: number[][]
}

function boardOf(radius: number): Board {
  const rows: number[][] = []
  const byPlace = new Map<string, number>()
  for (let r = 1 - radius; r < radius; r++) {
    const row: number[] = []
    for (let q = Math.max(1 - radius, 1 - radius - r); q <= Math.min(radius - 1, radius - 1 - r); q++) {
      row.push(byPlace.size)
      byPlace.set(`${q},${r}`, byPlace.size)
    }
    rows.push(row)
  }
  const steps = [
    [1, 0],
    [-1, 0],
    [0, 1],
    [0, -1],
    [1, -1],
    [-1, 1],
  ] as const
  const neighbours = [...byPlace.keys()].map((key) => {
    const [q, r] = key.split(",").map(Number) as [number, number]
    return steps.flatMap(([dq, dr]) => byPlace.get(`${q + dq},${r + dr}`) ?? [])
  })
  return { rows, neighbours }
}

/** Makes a puzzle that has a solution, and solves it: where do the tiles with these numbers go? */
export function hexiom(radius: number, seed: number): HexiomResult {
  const board = boardOf(radius)
  const { counts, tiles } = puzzleOf(board, seed)
  const solver = new Solver(board, counts)
  if (!solver.solve(0)) throw new Error("a puzzle that was made of a solution has none")
  return {
    cells: board.neighbours.length,
    tiles,
    steps: solver.steps,
    solution: board.rows.map((row) => row.map((cell) => textOf(solver.cells[cell]!)).join(" ")),
  }
}

const textOf = (cell: number): string => (cell === EMPTY ? "." : `${cell}`)

/** How many tiles there are of each number. */
function puzzleOf({ neighbours }: Board, seed: number): { counts: number[]; tiles: number } {
  const random = randomOf(seed)
  const isTile = neighbours.map(() => random() < 0.6)
  const counts = new Array<number>(7).fill(0)
  neighbours.forEach((around, cell) => {
    if (isTile[cell]) counts[around.filter((other) => isTile[other]).length]! += 1
  })
  return { counts, tiles: counts.reduce((a, b) => a + b, 0) }
}

/** Tries cell by cell, and goes back as soon as a number can't come out any more. */
class Solver {
  readonly cells: number[]
  steps = 0
  readonly #neighbours: readonly (readonly number[])[]
  readonly #left: number[]
  #empty: number

  constructor({ neighbours }: Board, counts: readonly number[]) {
    this.#neighbours = neighbours
    this.#left = [...counts]
    this.#empty = neighbours.length - counts.reduce((a, b) => a + b, 0)
    this.cells = new Array<number>(neighbours.length).fill(UNKNOWN)
  }

  solve(cell: number): boolean {
    if (cell === this.cells.length) return true
    this.steps += 1
    for (let number = 6; number >= EMPTY; number--) {
      if (!this.#take(number)) continue
      this.cells[cell] = number
      const around = [cell, ...this.#neighbours[cell]!]
      if (around.every((other) => this.#isPossible(other)) && this.solve(cell + 1)) return true
      this.cells[cell] = UNKNOWN
      this.#give(number)
    }
    return false
  }

  #take(number: number): boolean {
    if (number === EMPTY) {
      if (this.#empty === 0) return false
      this.#empty -= 1
      return true
    }
    if (this.#left[number] === 0) return false
    this.#left[number]! -= 1
    return true
  }

  #give(number: number): void {
    if (number === EMPTY) this.#empty += 1
    else this.#left[number]! += 1
  }

  /** Whether the number of neighbours that hold tiles can still be the cell's. */
  #isPossible(cell: number): boolean {
    const number = this.cells[cell]!
    if (number < 0) return true
    let [full, open] = [0, 0]
    for (const other of this.#neighbours[cell]!) {
      if (this.cells[other] === UNKNOWN) open += 1
      else if (this.cells[other] !== EMPTY) full += 1
    }
    return full <= number && number <= full + open
  }
}
