import { describe, expect, test } from "vitest"
import app from "../../examples/benchmarks/app.ts"
import { chaos } from "../../examples/benchmarks/functions/chaos.ts"
import { deltaBlue } from "../../examples/benchmarks/functions/deltablue.ts"
import { fannkuch } from "../../examples/benchmarks/functions/fannkuch.ts"
import { float } from "../../examples/benchmarks/functions/float.ts"
import { Board, go } from "../../examples/benchmarks/functions/go.ts"
import { hexiom } from "../../examples/benchmarks/functions/hexiom.ts"
import { jsonDumps, jsonLoads } from "../../examples/benchmarks/functions/json-documents.ts"
import { logging } from "../../examples/benchmarks/functions/logging.ts"
import { mdp } from "../../examples/benchmarks/functions/mdp.ts"
import { nbody } from "../../examples/benchmarks/functions/nbody.ts"
import { piDigits } from "../../examples/benchmarks/functions/pidigits.ts"
import { randomOf } from "../../examples/benchmarks/functions/random.ts"
import { raytrace } from "../../examples/benchmarks/functions/raytrace.ts"
import { richards } from "../../examples/benchmarks/functions/richards.ts"
import { SciMarkRandom, scimark } from "../../examples/benchmarks/functions/scimark.ts"
import { spectralNorm } from "../../examples/benchmarks/functions/spectral-norm.ts"
import { unpackSequence } from "../../examples/benchmarks/functions/unpack-sequence.ts"
import { offload } from "../../src/gateway/index.ts"
import { faasm, startSubject } from "../differential/harness.ts"

describe("published answers", () => {
  test("fannkuch-redux: checksum and flips of 7, 8 and 9", () => {
    expect(fannkuch(7)).toEqual({ checksum: 228, maxFlips: 16 })
    expect(fannkuch(8)).toEqual({ checksum: 1616, maxFlips: 22 })
    expect(fannkuch(9)).toEqual({ checksum: 8629, maxFlips: 30 })
  })

  test("n-body: energy before and after 1,000 steps", () => {
    const { before, after } = nbody(1000)
    expect(before).toBeCloseTo(-0.169075164, 9)
    expect(after).toBeCloseTo(-0.169087605, 9)
  })

  test("spectral norm of 100 rows", () => {
    expect(spectralNorm(100).toFixed(9)).toBe("1.274219991")
  })

  test("digits of pi", () => {
    expect(piDigits(50)).toBe("31415926535897932384626433832795028841971693993751")
  })

  test("Richards: packets queued and tasks held", () => {
    expect(richards(1)).toEqual({ queued: 2322, held: 928 })
    expect(richards(3)).toEqual({ queued: 3 * 2322, held: 3 * 928 })
  })

  test("DeltaBlue: the chain and the projection", () => {
    const { chain, projection } = deltaBlue(100)
    expect(chain).toEqual(Array.from({ length: 100 }, (_, i) => i))
    const sums = [5, 5].map((scale, i) =>
      Array.from({ length: 99 }, (_, n) => n * scale + [1000, 2000][i]!).reduce((a, b) => a + b),
    )
    expect(projection).toEqual([1170, 5, ...sums])
  })

  test("Markov decisions: utilities and policy of the 4 by 3 world", () => {
    const { utilities, policy } = mdp(1)
    expect(utilities.map((row) => row.map((value) => value?.toFixed(3)))).toEqual([
      ["0.812", "0.868", "0.918", "1.000"],
      ["0.762", undefined, "0.660", "-1.000"],
      ["0.705", "0.655", "0.611", "0.388"],
    ])
    expect(policy.map((row) => row.map((way) => way ?? "#").join(""))).toEqual([">>>.", "^#^.", "^<<<"])
  })
})

describe("answers that follow", () => {
  test("SciMark: what transform, relaxation, estimate and factors have to be", () => {
    const { fft, monteCarlo, lu, sor } = scimark(128)
    expect(fft).toBeLessThan(1e-12)
    expect(lu).toBeLessThan(1e-12)
    expect(Math.abs(monteCarlo - Math.PI)).toBeLessThan(0.05)
    expect(sor).toBeGreaterThan(0)
    expect(sor).toBeLessThan(1)
  })

  test("SciMark's generator is even and repeats", () => {
    const [a, b] = [new SciMarkRandom(113), new SciMarkRandom(113)]
    const numbers = Array.from({ length: 10_000 }, () => a.next())
    expect(numbers.slice(0, 5)).toEqual(Array.from({ length: 5 }, () => b.next()))
    expect(numbers.reduce((sum, value) => sum + value) / numbers.length).toBeCloseTo(0.5, 1)
    expect(numbers.every((value) => value >= 0 && value < 1)).toBe(true)
  })

  test("float: largest coordinates of points on the unit sphere", () => {
    expect(float(1)).toEqual({ x: 0, y: 1, z: 0 })
    const { x, y, z } = float(100_000)
    // Of all points (sin i, 3 cos i, sin² i / 2), y is largest at i = 0, x and z where sin i is 1.
    expect(y).toBe(1)
    expect(x).toBeCloseTo(2 / Math.sqrt(5), 6)
    expect(z).toBeCloseTo(1 / Math.sqrt(5), 6)
  })

  test("chaos: the same for the same seed, another for another", () => {
    const one = chaos(64, 64, 2000, 1)
    expect(chaos(64, 64, 2000, 1)).toEqual(one)
    expect(chaos(64, 64, 2000, 2).checksum).not.toBe(one.checksum)
    expect(one.covered).toBeGreaterThan(300)
    expect(one.covered).toBeLessThanOrEqual(2000)
  })

  test("raytrace: sky above, floor below, the sphere's yellow between", () => {
    const { pixels, mean } = raytrace(32, 32)
    expect(pixels).toBe(1024)
    for (const value of mean) expect(value).toBeGreaterThan(0.2)
    expect(mean[2]).toBeGreaterThan(mean[0])
  })

  test.each([1, 2, 3, 4, 5])("hexiom: the numbers of seed %d are right", (seed) => {
    for (const radius of [2, 3]) {
      const { solution, cells, tiles } = hexiom(radius, seed)
      const rows = solution.map((row) => row.split(" "))
      expect(rows.flat()).toHaveLength(cells)
      expect(rows.flat().filter((cell) => cell !== ".")).toHaveLength(tiles)
      // Cells by place: a row begins half a cell further right for each cell that it is shorter.
      const places = new Map(
        rows.flatMap((row, y) =>
          row.map((cell, i) => [`${2 * i - row.length},${y}`, cell] as [string, string]),
        ),
      )
      for (const [place, cell] of places) {
        if (cell === ".") continue
        const [x, y] = place.split(",").map(Number) as [number, number]
        const around = [
          [x - 2, y],
          [x + 2, y],
          [x - 1, y - 1],
          [x + 1, y - 1],
          [x - 1, y + 1],
          [x + 1, y + 1],
        ].filter(([a, b]) => (places.get(`${a},${b}`) ?? ".") !== ".")
        expect(Number(cell), `${place} of seed ${seed}`).toBe(around.length)
      }
    }
  })

  test("go: captures, suicide, ko, eyes and score", () => {
    const board = new Board(5)
    // White at the corner's side, black around it.
    board.play(1, 1)
    board.play(0, 2)
    expect(board.play(5, 1)).toBe(1)
    expect(board.cells[0]).toBe(0)
    expect(board.isLegal(0, 2)).toBe(false)
    expect(board.isOwnEye(0, 1)).toBe(true)
    // All of it is black's: 25 points less komi.
    expect(board.score()).toBe(25 - 7.5)
    const ko = new Board(5)
    for (const [point, colour] of [
      [1, 1],
      [5, 1],
      [11, 1],
      [2, 2],
      [8, 2],
      [12, 2],
      [6, 2],
    ] as const) {
      ko.play(point, colour)
    }
    expect(ko.play(7, 1)).toBe(1)
    expect(ko.isLegal(6, 2)).toBe(false)
    ko.play(20, 2)
    expect(ko.isLegal(6, 2)).toBe(true)
    expect(go(9, 4, 5, 1)).toEqual(go(9, 4, 5, 1))
  })

  test("documents, lines and lists", () => {
    expect(jsonLoads(1)).toMatchObject({ objects: 1 + 1 + 4 + 80 })
    expect(jsonDumps(3).characters).toBe(3 * jsonDumps(1).characters)
    expect(logging(5)).toMatchObject({ lines: 10 })
    expect(unpackSequence(10)).toEqual({ unpacked: 20, sum: 10 * (45 + 1 + 8) })
  })

  test("chance repeats and is even", () => {
    const [a, b] = [randomOf(7), randomOf(7)]
    const numbers = Array.from({ length: 10_000 }, a)
    expect(numbers.slice(0, 3)).toEqual([b(), b(), b()])
    expect(numbers.reduce((sum, value) => sum + value) / numbers.length).toBeCloseTo(0.5, 1)
  })
})

test("every function answers the same offloaded as natively", async () => {
  const sizes: Record<string, number> = { fannkuch: 6, hexiom: 3, scimark: 4, mdp: 1, go: 1, richards: 1 }
  const subject = await startSubject("../../examples/benchmarks/app.ts")
  try {
    expect(subject.manifest.routes.filter(({ local }) => local)).toEqual([])
    for (const { method, path } of app.routes.filter((route) => route.path.startsWith("/functions/"))) {
      if (method !== "POST") continue
      const name = path.slice("/functions/".length)
      const request = () =>
        new Request(`http://localhost${path}`, {
          method,
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ size: sizes[name] ?? 20 }),
        })
      const native = await app.fetch(request())
      const offloaded = await subject.rpc.fetch(request())
      expect([name, native.status]).toEqual([name, 200])
      expect([name, await offloaded.json()]).toEqual([name, await native.json()])
    }
    // What another host tells is its own affair.
    if (!faasm) {
      const timed = offload(app, { build: subject.build, rpc: subject.url, serverTiming: "detailed" })
      const answer = await timed.request("/shop/catalogue")
      const phases = answer.headers.get("server-timing")?.match(/[\w-]+(?=;dur=)/g)
      await timed.gateway.close()
      const detail =
        "encode out back queue instance guest-decode handler guest-encode decode respond total reset"
      expect(phases?.join(" ")).toBe(detail)
    }
    const calls = subject.takeEvents().filter(({ type }) => type === "call")
    expect(calls.every((call) => "way" in call && call.way === "rpc" && call.misfits.length === 0)).toBe(true)
  } finally {
    await subject.close()
  }
})
