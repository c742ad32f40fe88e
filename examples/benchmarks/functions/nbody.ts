const SOLAR_MASS = 4 * Math.PI * Math.PI
const DAYS_PER_YEAR = 365.24

interface Body {
  x: number
  y: number
  z: number
  vx: number
  vy: number
  vz: number
  mass: number
}

function body(position: number[], velocity: number[], mass: number): Body {
  const [x, y, z] = position as [number, number, number]
  const [vx, vy, vz] = velocity.map((value) => value * DAYS_PER_YEAR) as [number, number, number]
  return { x, y, z, vx, vy, vz, mass: mass * SOLAR_MASS }
}

/** Sun, Jupiter, Saturn, Uranus and Neptune; the sun moves so that the whole stands still. */
function solarSystem(): Body[] {
  const planets = [
    body(
      [4.841431442464721, -1.1603200440274284, -0.10362204447112311],
      [0.001660076642744037, 0.007699011184197404, -6.90460016972063e-5],
      0.0009547919384243266,
    ),
    body(
      [8.34336671824458, 4.124798564124305, -0.4035234171143214],
      [-0.0027674251072641186, 0.004998528012349172, 2.3041729757376393e-5],
      0.0002858859806661308,
    ),
    body(
      [12.894369562139131, -15.111151401698631, -0.22330757889265573],
      [0.002964601375647616, 0.0023784717395948095, -2.9658956854023756e-5],
      4.366244043351563e-5,
    ),
    body(
      [15.379697114850917, -25.919314609987964, 0.17925877295037118],
      [0.0026806777249038932, 0.001628241700382423, -9.515922545197159e-5],
      5.1513890204661145e-5,
    ),
  ]
  const sun = body([0, 0, 0], [0, 0, 0], 1)
  for (const { vx, vy, vz, mass } of planets) {
    sun.vx -= (vx * mass) / SOLAR_MASS
    sun.vy -= (vy * mass) / SOLAR_MASS
    sun.vz -= (vz * mass) / SOLAR_MASS
  }
  return [sun, ...planets]
}

/**
 * The energy of the outer planets' system before and after some steps of a hundredth of a year.
 *
 * @see https://benchmarksgame-team.pages.debian.net/benchmarksgame/description/nbody.html
 */
export function nbody(steps: number): { before: number; after: number } {
  const bodies = solarSystem()
  const before = energyOf(bodies)
  for (let step = 0; step < steps; step++) advance(bodies, 0.01)
  return { before, after: energyOf(bodies) }
}

function advance(bodies: Body[], dt: number): void {
  for (let i = 0; i < bodies.length; i++) {
    const a = bodies[i]!
    for (let j = i + 1; j < bodies.length; j++) {
      const b = bodies[j]!
      const dx = a.x - b.x
      const dy = a.y - b.y
      const dz = a.z - b.z
      const squared = dx * dx + dy * dy + dz * dz
      const magnitude = dt / (squared * Math.sqrt(squared))
      a.vx -= dx * b.mass * magnitude
      a.vy -= dy * b.mass * magnitude
      a.vz -= dz * b.mass * magnitude
      b.vx += dx * a.mass * magnitude
      b.vy += dy * a.mass * magnitude
      b.vz += dz * a.mass * magnitude
    }
  }
  for (const one of bodies) {
    one.x += dt * one.vx
    one.y += dt * one.vy
    one.z += dt * one.vz
  }
}

function energyOf(bodies: readonly Body[]): number {
  let energy = 0
  bodies.forEach((a, i) => {
    energy += 0.5 * a.mass * (a.vx * a.vx + a.vy * a.vy + a.vz * a.vz)
    for (const b of bodies.slice(i + 1)) {
      // Not Math.hypot, whose last digits are the engine's own.
      const [dx, dy, dz] = [a.x - b.x, a.y - b.y, a.z - b.z] as const
      energy -= (a.mass * b.mass) / Math.sqrt(dx * dx + dy * dy + dz * dz)
    }
  })
  return energy
}
