/**
 * The kernels of SciMark 2.
 *
 * @see https://math.nist.gov/scimark2/about.html
 */

/** One figure of each kernel. */
export interface SciMarkResult {
  /** Root mean square of what a transform and its inverse leave. */
  fft: number
  /** The middle of the relaxed grid. */
  sor: number
  /** An estimate of pi. */
  monteCarlo: number
  /** The sum of the product. */
  sparse: number
  /** The largest element of `L U - P A`. */
  lu: number
}

/** SciMark's generator: lagged Fibonacci numbers. */
export class SciMarkRandom {
  readonly #state: Int32Array
  #i = 4
  #j = 16

  constructor(seed: number) {
    const m1 = 2 ** 31 - 1
    const m2 = 2 ** 16
    let start = Math.min(Math.abs(seed), m1)
    if (start % 2 === 0) start -= 1
    const k0 = 9069 % m2
    const k1 = Math.floor(9069 / m2)
    let j0 = start % m2
    let j1 = Math.floor(start / m2)
    this.#state = Int32Array.from({ length: 17 }, () => {
      const next = j0 * k0
      j1 = (Math.floor(next / m2) + j0 * k1 + j1 * k0) % (m2 / 2)
      j0 = next % m2
      return j0 + m2 * j1
    })
  }

  /** In [0, 1). */
  next(): number {
    const state = this.#state
    let k = state[this.#i]! - state[this.#j]!
    if (k < 0) k += 2 ** 31 - 1
    state[this.#j] = k
    this.#i = this.#i === 0 ? 16 : this.#i - 1
    this.#j = this.#j === 0 ? 16 : this.#j - 1
    return k / (2 ** 31 - 1)
  }
}

/** Runs all kernels, with grids and vectors of n (a power of two). */
export function scimark(n: number): SciMarkResult {
  return { fft: fft(n), sor: sor(n), monteCarlo: monteCarlo(n * n), sparse: sparse(n), lu: lu(n) }
}

function fft(n: number): number {
  const random = new SciMarkRandom(113)
  const data = Float64Array.from({ length: 2 * n }, () => random.next())
  const original = data.slice()
  transform(data, -1)
  transform(data, 1)
  const squares = data.reduce((sum, value, i) => sum + (value / n - original[i]!) ** 2, 0)
  return Math.sqrt(squares / data.length)
}

/** In place; real and imaginary parts in turn. */
function transform(data: Float64Array, direction: 1 | -1): void {
  const n = data.length / 2
  reverseBits(data)
  for (let dual = 1; dual < n; dual *= 2) {
    const theta = (direction * Math.PI) / dual
    const [sine, half] = [Math.sin(theta), Math.sin(theta / 2)]
    let [wr, wi] = [1, 0]
    for (let a = 0; a < dual; a++) {
      for (let b = 0; b < n; b += 2 * dual) {
        const i = 2 * (b + a)
        const j = 2 * (b + a + dual)
        const re = wr * data[j]! - wi * data[j + 1]!
        const im = wr * data[j + 1]! + wi * data[j]!
        data[j] = data[i]! - re
        data[j + 1] = data[i + 1]! - im
        data[i]! += re
        data[i + 1]! += im
      }
      // By the angle's half, which loses less.
      const change = 2 * half * half
      ;[wr, wi] = [wr - sine * wi - change * wr, wi + sine * wr - change * wi]
    }
  }
}

function reverseBits(data: Float64Array): void {
  const n = data.length / 2
  for (let i = 0, j = 0; i < n - 1; i++) {
    if (i < j) {
      for (const part of [0, 1]) {
        const kept = data[2 * i + part]!
        data[2 * i + part] = data[2 * j + part]!
        data[2 * j + part] = kept
      }
    }
    let k = n / 2
    while (k <= j) {
      j -= k
      k /= 2
    }
    j += k
  }
}

function sor(n: number): number {
  const grid = randomMatrix(n, new SciMarkRandom(113))
  const omega = 1.25
  for (let sweep = 0; sweep < 10; sweep++) {
    for (let i = 1; i < n - 1; i++) {
      const [above, row, below] = [grid[i - 1]!, grid[i]!, grid[i + 1]!]
      for (let j = 1; j < n - 1; j++) {
        row[j] = (omega / 4) * (above[j]! + below[j]! + row[j - 1]! + row[j + 1]!) + (1 - omega) * row[j]!
      }
    }
  }
  return grid[n >> 1]![n >> 1]!
}

function monteCarlo(samples: number): number {
  const random = new SciMarkRandom(113)
  let inside = 0
  for (let i = 0; i < samples; i++) {
    const [x, y] = [random.next(), random.next()]
    if (x * x + y * y <= 1) inside += 1
  }
  return (inside / samples) * 4
}

/** A sparse matrix (compressed rows, five elements each) times a vector. */
function sparse(n: number): number {
  const random = new SciMarkRandom(113)
  const perRow = 5
  const vector = Float64Array.from({ length: n }, () => random.next())
  const values = Float64Array.from({ length: perRow * n }, () => random.next())
  const columns = Int32Array.from({ length: perRow * n }, (_, at) => {
    const row = Math.floor(at / perRow)
    return ((at % perRow) * Math.max(1, Math.floor(row / perRow))) % n
  })
  let sum = 0
  for (let row = 0; row < n; row++) {
    for (let at = row * perRow; at < (row + 1) * perRow; at++) sum += vector[columns[at]!]! * values[at]!
  }
  return sum
}

function lu(n: number): number {
  const matrix = randomMatrix(n, new SciMarkRandom(113))
  const factors = matrix.map((row) => row.slice())
  const rows = factorise(factors)
  let largest = 0
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let product = 0
      for (let k = 0; k <= Math.min(i, j); k++) {
        product += (k === i ? 1 : factors[i]![k]!) * factors[k]![j]!
      }
      largest = Math.max(largest, Math.abs(product - matrix[rows[i]!]![j]!))
    }
  }
  return largest
}

/** LU factors in place, with partial pivoting; the original rows in their new order. */
function factorise(matrix: Float64Array[]): number[] {
  const n = matrix.length
  const rows = Array.from({ length: n }, (_, i) => i)
  for (let j = 0; j < n; j++) {
    let pivot = j
    for (let i = j + 1; i < n; i++) {
      if (Math.abs(matrix[i]![j]!) > Math.abs(matrix[pivot]![j]!)) pivot = i
    }
    swap(matrix, j, pivot)
    swap(rows, j, pivot)
    for (let i = j + 1; i < n; i++) {
      const factor = matrix[i]![j]! / matrix[j]![j]!
      matrix[i]![j] = factor
      for (let k = j + 1; k < n; k++) matrix[i]![k]! -= factor * matrix[j]![k]!
    }
  }
  return rows
}

function swap<T>(list: T[], a: number, b: number): void {
  const kept = list[a]!
  list[a] = list[b]!
  list[b] = kept
}

function randomMatrix(n: number, random: SciMarkRandom): Float64Array[] {
  return Array.from({ length: n }, () => Float64Array.from({ length: n }, () => random.next()))
}
