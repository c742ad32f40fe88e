/** A point that is moved onto the unit sphere. */
class Point {
  x: number
  y: number
  z: number

  constructor(i: number) {
    this.x = Math.sin(i)
    this.y = Math.cos(i) * 3
    this.z = (this.x * this.x) / 2
  }

  normalise(): void {
    const norm = Math.sqrt(this.x * this.x + this.y * this.y + this.z * this.z)
    this.x /= norm
    this.y /= norm
    this.z /= norm
  }

  maximise(other: Point): this {
    this.x = Math.max(this.x, other.x)
    this.y = Math.max(this.y, other.y)
    this.z = Math.max(this.z, other.z)
    return this
  }
}

/** Makes points, moves them onto the unit sphere, and finds the largest of each coordinate. */
export function float(count: number): { x: number; y: number; z: number } {
  const points = Array.from({ length: count }, (_, i) => new Point(i))
  for (const point of points) point.normalise()
  const { x, y, z } = points.reduce((largest, point) => largest.maximise(point))
  return { x, y, z }
}
