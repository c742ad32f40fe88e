import { checksumOf } from "./checksum.ts"
import { randomOf } from "./random.ts"

interface Point {
  x: number
  y: number
}

/** A B-spline of degree 3 through a plane. */
class Spline {
  readonly #points: readonly Point[]
  readonly #knots: readonly number[]

  constructor(points: readonly Point[]) {
    this.#points = points
    // Knots that come several times make it begin and end at the outer points.
    const inner = Array.from({ length: points.length - 2 }, (_, i) => i)
    const last = inner.at(-1)!
    this.#knots = [0, 0, ...inner, last, last]
  }

  get end(): number {
    return this.#knots.at(-1)!
  }

  /** De Boor's algorithm. */
  at(t: number): Point {
    const knots = this.#knots
    let span = 2
    while (span < knots.length - 4 && knots[span + 1]! <= t) span += 1
    const points = Array.from({ length: 4 }, (_, i) => {
      const { x, y } = this.#points[Math.min(this.#points.length - 1, Math.max(0, span - 2 + i))]!
      return { x, y }
    })
    for (let level = 1; level <= 3; level++) {
      for (let i = 3; i >= level; i--) {
        const low = knots[clamp(span - 3 + i, knots)]!
        const high = knots[clamp(span + 1 + i - level, knots)]!
        const share = high === low ? 0 : (t - low) / (high - low)
        points[i] = between(points[i - 1]!, points[i]!, Math.min(1, Math.max(0, share)))
      }
    }
    return points[3]!
  }
}

function clamp(index: number, list: readonly unknown[]): number {
  return Math.min(list.length - 1, Math.max(0, index))
}

function between(a: Point, b: Point, share: number): Point {
  return { x: a.x + (b.x - a.x) * share, y: a.y + (b.y - a.y) * share }
}

const CURVES: readonly (readonly [number, number][])[] = [
  [
    [1.6, 0.3],
    [1.7, 1.1],
    [1.9, 2.0],
    [1.9, 2.4],
  ],
  [
    [1.0, 0.8],
    [1.6, 0.7],
    [2.2, 0.8],
    [2.8, 0.6],
  ],
  [
    [1.2, 2.2],
    [2.0, 1.6],
    [2.6, 2.1],
    [2.9, 1.4],
    [3.1, 1.2],
  ],
]
const THICKNESS = 0.25

/** What {@link chaos} drew. */
export interface ChaosResult {
  /** Pixels that the point came to. */
  covered: number
  checksum: number
}

/**
 * Plays the chaos game: a point is mapped again and again by one of several maps, each of which bends the whole picture
 * along a part of a curve; where it comes to is the fractal.
 */
export function chaos(width: number, height: number, rounds: number, seed: number): ChaosResult {
  const random = randomOf(seed)
  const curves = CURVES.map((points) => new Spline(points.map(([x, y]) => ({ x, y }))))
  const all = CURVES.flat()
  const [minX, maxX] = [Math.min(...all.map(([x]) => x)), Math.max(...all.map(([x]) => x))]
  const [minY, maxY] = [Math.min(...all.map(([, y]) => y)), Math.max(...all.map(([, y]) => y))]
  const image = new Uint8Array(width * height)
  let point: Point = { x: (minX + maxX) / 2, y: (minY + maxY) / 2 }
  for (let round = 0; round < rounds; round++) {
    const curve = curves[Math.floor(random() * curves.length)]!
    const parts = Math.ceil(curve.end) * 2
    const part = Math.floor(random() * parts)
    const x = (point.x - minX) / (maxX - minX)
    const y = (point.y - minY) / (maxY - minY)
    point = bend(curve, ((part + x) / parts) * curve.end, y)
    point.x = Math.min(maxX, Math.max(minX, point.x))
    point.y = Math.min(maxY, Math.max(minY, point.y))
    const column = Math.min(width - 1, Math.floor(((point.x - minX) / (maxX - minX)) * width))
    const row = Math.min(height - 1, Math.floor(((point.y - minY) / (maxY - minY)) * height))
    image[row * width + column] = 1
  }
  return { covered: image.reduce((sum, pixel) => sum + pixel, 0), checksum: checksumOf(image) }
}

/** The point of a curve, moved aside by where y lies in the picture. */
function bend(curve: Spline, t: number, y: number): Point {
  const base = curve.at(t)
  const step = 1 / 50_000
  const isLast = t + step > curve.end
  const near = curve.at(isLast ? t - step : t + step)
  const sign = isLast ? -1 : 1
  const [dx, dy] = [(near.x - base.x) * sign, (near.y - base.y) * sign]
  const length = Math.sqrt(dx * dx + dy * dy)
  if (length === 0) return base
  return {
    x: base.x - (dy / length) * (y - 0.5) * THICKNESS,
    y: base.y + (dx / length) * (y - 0.5) * THICKNESS,
  }
}
