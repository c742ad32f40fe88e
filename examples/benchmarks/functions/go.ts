import { randomOf } from "./random.ts"

/** A stone's colour. */
export type Colour = 1 | 2
const EMPTY = 0
const KOMI = 7.5

const otherOf = (colour: Colour): Colour => (colour === 1 ? 2 : 1)

/** A Go board with the rules that random games need: captures, suicide, simple ko, area scoring. */
export class Board {
  readonly size: number
  readonly cells: Uint8Array
  readonly #neighbours: readonly (readonly number[])[]
  #ko = -1

  constructor(size: number, from?: Board) {
    this.size = size
    this.cells = from ? from.cells.slice() : new Uint8Array(size * size)
    this.#neighbours = from ? from.#neighbours : neighboursOf(size)
    if (from) this.#ko = from.#ko
  }

  copy(): Board {
    return new Board(this.size, this)
  }

  isLegal(point: number, colour: Colour): boolean {
    if (this.cells[point] !== EMPTY || point === this.#ko) return false
    for (const next of this.#neighbours[point]!) {
      const stone = this.cells[next]!
      if (stone === EMPTY) return true
      const isInAtari = this.#group(next).liberties === 1
      if (stone === colour ? !isInAtari : isInAtari) return true
    }
    return false
  }

  /** Whether playing there would fill an own eye, which only loses. */
  isOwnEye(point: number, colour: Colour): boolean {
    return this.#neighbours[point]!.every((next) => this.cells[next] === colour)
  }

  /** Plays a legal move; the number of stones captured. */
  play(point: number, colour: Colour): number {
    this.cells[point] = colour
    this.#ko = -1
    let captured = 0
    let last = -1
    for (const next of this.#neighbours[point]!) {
      if (this.cells[next] !== otherOf(colour)) continue
      const group = this.#group(next)
      if (group.liberties > 0) continue
      for (const stone of group.stones) this.cells[stone] = EMPTY
      captured += group.stones.length
      last = next
    }
    // A single stone that took a single stone must not be taken back at once.
    if (captured === 1) {
      const own = this.#group(point)
      if (own.stones.length === 1 && own.liberties === 1) this.#ko = last
    }
    return captured
  }

  /** Stones and surrounded points of black, less those of white and komi. */
  score(): number {
    let score = -KOMI
    const seen = new Uint8Array(this.cells.length)
    this.cells.forEach((stone, point) => {
      if (stone !== EMPTY) score += stone === 1 ? 1 : -1
      else if (!seen[point]) {
        const { points, borders } = this.#area(point, seen)
        if (borders === 1) score += points
        else if (borders === 2) score -= points
      }
    })
    return score
  }

  #group(point: number): { stones: number[]; liberties: number } {
    const colour = this.cells[point]
    const seen = new Set([point])
    const stones = [point]
    let liberties = 0
    for (let i = 0; i < stones.length; i++) {
      for (const next of this.#neighbours[stones[i]!]!) {
        if (seen.has(next)) continue
        seen.add(next)
        if (this.cells[next] === EMPTY) liberties += 1
        else if (this.cells[next] === colour) stones.push(next)
      }
    }
    return { stones, liberties }
  }

  /** Empty points that hang together, and the colours (as bits) that they touch. */
  #area(from: number, seen: Uint8Array): { points: number; borders: number } {
    const points = [from]
    let borders = 0
    seen[from] = 1
    for (let i = 0; i < points.length; i++) {
      for (const next of this.#neighbours[points[i]!]!) {
        borders |= this.cells[next]!
        if (this.cells[next] !== EMPTY || seen[next]) continue
        seen[next] = 1
        points.push(next)
      }
    }
    return { points: points.length, borders }
  }
}

function neighboursOf(size: number): number[][] {
  return Array.from({ length: size * size }, (_, point) => {
    const column = point % size
    return [
      ...(column > 0 ? [point - 1] : []),
      ...(column < size - 1 ? [point + 1] : []),
      ...(point >= size ? [point - size] : []),
      ...(point < size * (size - 1) ? [point + size] : []),
    ]
  })
}

/** What {@link go} played. */
export interface GoResult {
  /** Moves of the game. */
  moves: number
  /** Random games that were played to choose them. */
  playouts: number
  /** Black's points less white's. */
  score: number
  /** Rows: `X` black, `O` white, `.` empty. */
  board: string[]
}

/** Plays some moves of a game, each the one that wins most of its random games. */
export function go(size: number, moves: number, playoutsPerMove: number, seed: number): GoResult {
  const random = randomOf(seed)
  const board = new Board(size)
  let colour: Colour = 1
  let [played, playouts] = [0, 0]
  for (; played < moves; played++) {
    const wins = new Map<number, { wins: number; games: number }>()
    for (let i = 0; i < playoutsPerMove; i++) {
      const game = board.copy()
      const first = randomMove(game, colour, random)
      if (first === undefined) break
      game.play(first, colour)
      const won = playOut(game, otherOf(colour), random) > 0 === (colour === 1)
      const record = wins.get(first) ?? { wins: 0, games: 0 }
      record.games += 1
      if (won) record.wins += 1
      wins.set(first, record)
      playouts += 1
    }
    const [best] = [...wins].sort(([, a], [, b]) => b.wins / b.games - a.wins / a.games)
    if (!best) break
    board.play(best[0], colour)
    colour = otherOf(colour)
  }
  const rows = Array.from({ length: size }, (_, row) =>
    [...board.cells.subarray(row * size, (row + 1) * size)].map((cell) => ".XO"[cell]).join(""),
  )
  return { moves: played, playouts, score: board.score(), board: rows }
}

function randomMove(board: Board, colour: Colour, random: () => number): number | undefined {
  const count = board.cells.length
  const start = Math.floor(random() * count)
  for (let i = 0; i < count; i++) {
    const point = (start + i) % count
    if (board.cells[point] === EMPTY && !board.isOwnEye(point, colour) && board.isLegal(point, colour)) {
      return point
    }
  }
  return undefined
}

/** Plays at random until both pass; black's score. */
function playOut(board: Board, first: Colour, random: () => number): number {
  let colour = first
  let passes = 0
  // Longer games go round in circles.
  for (let move = 0; move < 3 * board.cells.length && passes < 2; move++) {
    const point = randomMove(board, colour, random)
    if (point === undefined) passes += 1
    else {
      passes = 0
      board.play(point, colour)
    }
    colour = otherOf(colour)
  }
  return board.score()
}
