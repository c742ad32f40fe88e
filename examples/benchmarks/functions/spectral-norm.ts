/**
 * The spectral norm of the infinite matrix 1 / ((i + j)(i + j + 1) / 2 + i + 1), by the power method on its upper left
 * n by n part.
 *
 * @see https://benchmarksgame-team.pages.debian.net/benchmarksgame/description/spectralnorm.html
 */
export function spectralNorm(n: number): number {
  let u = new Float64Array(n).fill(1)
  let v = new Float64Array(n)
  for (let i = 0; i < 10; i++) {
    v = timesTransposed(times(u))
    u = timesTransposed(times(v))
  }
  let vBv = 0
  let vv = 0
  for (let i = 0; i < n; i++) {
    vBv += u[i]! * v[i]!
    vv += v[i]! * v[i]!
  }
  return Math.sqrt(vBv / vv)
}

const element = (i: number, j: number): number => 1 / (((i + j) * (i + j + 1)) / 2 + i + 1)

function times(vector: Float64Array): Float64Array<ArrayBuffer> {
  return vector.map((_, i) => vector.reduce((sum, value, j) => sum + element(i, j) * value, 0))
}

function timesTransposed(vector: Float64Array): Float64Array<ArrayBuffer> {
  return vector.map((_, i) => vector.reduce((sum, value, j) => sum + element(j, i) * value, 0))
}
