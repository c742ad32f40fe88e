/**
 * A route per function of a well-known benchmark suite for language runtimes, written from the published descriptions
 * of the algorithms.
 *
 * @module
 */
import { zValidator } from "@hono/zod-validator"
import { Hono } from "hono"
import { z } from "zod"
import { chaos } from "./functions/chaos.ts"
import { checksumOf, textChecksum } from "./functions/checksum.ts"
import { deltaBlue } from "./functions/deltablue.ts"
import { fannkuch } from "./functions/fannkuch.ts"
import { float } from "./functions/float.ts"
import { go } from "./functions/go.ts"
import { hexiom } from "./functions/hexiom.ts"
import { jsonDumps, jsonLoads } from "./functions/json-documents.ts"
import { logging } from "./functions/logging.ts"
import { mdp } from "./functions/mdp.ts"
import { nbody } from "./functions/nbody.ts"
import { piDigits } from "./functions/pidigits.ts"
import { raytrace } from "./functions/raytrace.ts"
import { richards } from "./functions/richards.ts"
import { scimark } from "./functions/scimark.ts"
import { spectralNorm } from "./functions/spectral-norm.ts"
import { unpackSequence } from "./functions/unpack-sequence.ts"

/** The body of a request: how much to do, and where chance begins. */
const sized = (min: number, max: number) =>
  zValidator("json", z.object({ size: z.int().min(min).max(max), seed: z.int().min(0).default(1) }))

/** The routes. Each answers with a checksum of the whole result and a summary of it. */
export const functions = new Hono()
  /** Points of a fractal. */
  .post("/chaos", sized(1, 1_000_000), (c) => {
    const { size, seed } = c.req.valid("json")
    return c.json(chaos(64, 64, size, seed))
  })
  /** Length of the chain and of the projection. */
  .post("/deltablue", sized(2, 10_000), (c) => {
    const { chain, projection } = deltaBlue(c.req.valid("json").size)
    return c.json({ checksum: checksumOf([...chain, ...projection]), projection })
  })
  /** Pancakes. */
  .post("/fannkuch", sized(2, 11), (c) => c.json(fannkuch(c.req.valid("json").size)))
  /** Points. */
  .post("/float", sized(1, 1_000_000), (c) => {
    const largest = float(c.req.valid("json").size)
    return c.json({ checksum: checksumOf(Object.values(largest)), largest })
  })
  /** Moves on a board of five by five. */
  .post("/go", sized(1, 200), (c) => {
    const { size, seed } = c.req.valid("json")
    const result = go(5, size, 2, seed)
    return c.json({ checksum: textChecksum(result.board.join("\n")), ...result })
  })
  /** Radius of the board. */
  .post("/hexiom", sized(2, 4), (c) => {
    const { size, seed } = c.req.valid("json")
    const result = hexiom(size, seed)
    return c.json({ checksum: textChecksum(result.solution.join("\n")), ...result })
  })
  /** Rounds. */
  .post("/json-dumps", sized(1, 10_000), (c) => c.json(jsonDumps(c.req.valid("json").size)))
  /** Rounds. */
  .post("/json-loads", sized(1, 10_000), (c) => c.json(jsonLoads(c.req.valid("json").size)))
  /** Rounds. */
  .post("/logging", sized(1, 100_000), (c) => c.json(logging(c.req.valid("json").size)))
  /** How much larger than the book's the world is. */
  .post("/mdp", sized(1, 20), (c) => {
    const { utilities, policy, iterations } = mdp(c.req.valid("json").size)
    const checksum = checksumOf(utilities.flat().map((value) => value ?? 0))
    return c.json({ checksum, iterations, start: utilities.at(-1)![0]!, policy: policy[0]!.join("") })
  })
  /** Steps. */
  .post("/nbody", sized(0, 10_000_000), (c) => {
    const energy = nbody(c.req.valid("json").size)
    return c.json({ checksum: checksumOf(Object.values(energy)), ...energy })
  })
  /** Digits. */
  .post("/pidigits", sized(1, 10_000), (c) => {
    const digits = piDigits(c.req.valid("json").size)
    return c.json({ checksum: textChecksum(digits), last: digits.slice(-10) })
  })
  /** Width and height of the picture. */
  .post("/raytrace", sized(1, 1000), (c) => {
    const { size } = c.req.valid("json")
    return c.json(raytrace(size, size))
  })
  /** Runs. */
  .post("/richards", sized(1, 1000), (c) => {
    const result = richards(c.req.valid("json").size)
    return c.json({ checksum: checksumOf(Object.values(result)), ...result })
  })
  /** The logarithm of the grid's size. */
  .post("/scimark", sized(2, 10), (c) => {
    const result = scimark(2 ** c.req.valid("json").size)
    return c.json({ checksum: checksumOf(Object.values(result)), ...result })
  })
  /** Rows of the matrix. */
  .post("/spectral-norm", sized(1, 2000), (c) => {
    const norm = spectralNorm(c.req.valid("json").size)
    return c.json({ checksum: checksumOf([norm]), norm })
  })
  /** Rounds. */
  .post("/unpack-sequence", sized(1, 10_000_000), (c) => {
    const result = unpackSequence(c.req.valid("json").size)
    return c.json({ checksum: checksumOf(Object.values(result)), ...result })
  })
