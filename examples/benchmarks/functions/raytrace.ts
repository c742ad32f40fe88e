import { checksumOf } from "./checksum.ts"

type Vector = readonly [number, number, number]

const add = (a: Vector, b: Vector): Vector => [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
const subtract = (a: Vector, b: Vector): Vector => [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
const scale = (a: Vector, by: number): Vector => [a[0] * by, a[1] * by, a[2] * by]
const dot = (a: Vector, b: Vector): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
const unit = (a: Vector): Vector => scale(a, 1 / Math.sqrt(dot(a, a)))
const reflect = (a: Vector, normal: Vector): Vector => subtract(a, scale(normal, 2 * dot(a, normal)))

interface Ray {
  from: Vector
  /** Of length 1. */
  to: Vector
}

interface Surface {
  colour(at: Vector): Vector
  /** Share of the light that is mirrored. */
  mirror: number
}

interface Thing extends Surface {
  /** How far along the ray it is. */
  distance(ray: Ray): number | undefined
  normal(at: Vector): Vector
}

class Sphere implements Thing {
  readonly mirror = 0.3
  readonly #centre: Vector
  readonly #radius: number
  readonly #colour: Vector

  constructor(centre: Vector, radius: number, colour: Vector) {
    this.#centre = centre
    this.#radius = radius
    this.#colour = colour
  }

  distance({ from, to }: Ray): number | undefined {
    const towards = subtract(this.#centre, from)
    const along = dot(towards, to)
    const rest = this.#radius ** 2 - (dot(towards, towards) - along * along)
    return rest < 0 ? undefined : along - Math.sqrt(rest)
  }

  normal(at: Vector): Vector {
    return unit(subtract(at, this.#centre))
  }

  colour(): Vector {
    return this.#colour
  }
}

/** A level floor in two colours. */
class Checkerboard implements Thing {
  readonly mirror = 0.1
  readonly #height: number

  constructor(height: number) {
    this.#height = height
  }

  distance({ from, to }: Ray): number | undefined {
    if (to[1] === 0) return undefined
    return (this.#height - from[1]) / to[1]
  }

  normal(): Vector {
    return [0, 1, 0]
  }

  colour([x, , z]: Vector): Vector {
    return (Math.floor(x) + Math.floor(z)) % 2 === 0 ? [1, 1, 1] : [0.1, 0.1, 0.1]
  }
}

const EYE: Vector = [0, 1.8, 10]
const LIGHTS: readonly Vector[] = [
  [30, 30, 10],
  [-10, 100, 30],
]
const MAX_DEPTH = 3
/** Nearer than this, a ray meets the thing that it comes from. */
const NEAR = 1e-6

function scene(): Thing[] {
  const small = Array.from(
    { length: 6 },
    (_, i) => new Sphere([-3 - i * 0.4, 2.3, -5], 0.4, [(6 - i) / 6, i / 6, 0.5]),
  )
  return [new Sphere([1, 3, -10], 1, [1, 1, 0]), ...small, new Checkerboard(0)]
}

/** What {@link raytrace} drew. */
export interface RaytraceResult {
  pixels: number
  /** Of the colours, rounded to 8 bits. */
  checksum: number
  /** Red, green and blue over all pixels, 0 to 1. */
  mean: [number, number, number]
}

/** Draws spheres over a chequered floor. */
export function raytrace(width: number, height: number): RaytraceResult {
  const things = scene()
  const colours: number[] = []
  const sum: [number, number, number] = [0, 0, 0]
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const to = unit([(x - width / 2) / width, (height / 2 - y) / width, -0.9])
      const colour = colourOf({ from: EYE, to }, things, 0)
      for (const [channel, value] of colour.entries()) {
        const bounded = Math.min(1, Math.max(0, value))
        colours.push(Math.round(bounded * 255))
        sum[channel]! += bounded
      }
    }
  }
  const pixels = width * height
  const mean: [number, number, number] = [sum[0] / pixels, sum[1] / pixels, sum[2] / pixels]
  return { pixels, checksum: checksumOf(colours), mean }
}

function colourOf(ray: Ray, things: readonly Thing[], depth: number): Vector {
  const hit = depth > MAX_DEPTH ? undefined : nearest(ray, things)
  if (!hit) return [0.2, 0.3, 0.5]
  const at = add(ray.from, scale(ray.to, hit.distance))
  const normal = hit.thing.normal(at)
  const light = LIGHTS.reduce((sum, source) => {
    const to = unit(subtract(source, at))
    const blocked = nearest({ from: at, to }, things) !== undefined
    return blocked ? sum : sum + Math.max(0, dot(to, normal)) / LIGHTS.length
  }, 0.2)
  const own = scale(hit.thing.colour(at), light * (1 - hit.thing.mirror))
  const mirrored = colourOf({ from: at, to: reflect(ray.to, normal) }, things, depth + 1)
  return add(own, scale(mirrored, hit.thing.mirror))
}

function nearest(ray: Ray, things: readonly Thing[]): { thing: Thing; distance: number } | undefined {
  let found: { thing: Thing; distance: number } | undefined
  for (const thing of things) {
    const distance = thing.distance(ray)
    if (distance !== undefined && distance > NEAR && (!found || distance < found.distance)) {
      found = { thing, distance }
    }
  }
  return found
}
