/**
 * Makes a function of an initialised instance: memory and mutable globals as they are become those that every call
 * starts with.
 *
 * @module
 */
import { GLOBAL_EXPORT } from "./engine.ts"
import {
  constantExpression,
  EXTERNAL,
  findSection,
  readExports,
  readGlobals,
  readImports,
  readSections,
  SECTION,
  writeData,
  writeExports,
  writeFixedMemory,
  writeGlobals,
  writeSections,
} from "./wasm-binary.ts"

/** Bytes of zero that are worth a segment of their own. */
const MIN_GAP = 64

/** All that a function may export. */
const KEPT_EXPORTS = new Set(["_start", "memory"])

/** The module of the instance with its present state, and with no other exports than a function has. */
export function snapshot(module: Uint8Array, exports: WebAssembly.Exports): Uint8Array {
  const sections = readSections(module)
  const memory = new Uint8Array((exports.memory as WebAssembly.Memory).buffer)
  const bodies = new Map<number, Uint8Array>([
    [SECTION.memory, writeFixedMemory(memory.length / 65536)],
    [SECTION.global, writeGlobals(currentGlobals(sections, exports))],
    [
      SECTION.export,
      writeExports(
        readExports(findSection(sections, SECTION.export)).filter(({ name }) => KEPT_EXPORTS.has(name)),
      ),
    ],
    [SECTION.data, writeData(segments(memory))],
  ])
  const dropped = new Set<number>([SECTION.custom, SECTION.start, SECTION.dataCount])
  return writeSections(
    sections
      .filter(({ id }) => !dropped.has(id))
      .map(({ id, body }) => ({ id, body: bodies.get(id) ?? body })),
  )
}

function currentGlobals(sections: ReturnType<typeof readSections>, exports: WebAssembly.Exports) {
  const imported = readImports(findSection(sections, SECTION.import)).filter(
    ({ kind }) => kind === EXTERNAL.global,
  ).length
  return readGlobals(findSection(sections, SECTION.global)).map((global, at) => {
    if (!global.mutable) return global
    const { value } = exports[`${GLOBAL_EXPORT}${imported + at}`] as WebAssembly.Global
    return { ...global, init: constantExpression(global.type, value) }
  })
}

function segments(memory: Uint8Array): { offset: number; bytes: Uint8Array }[] {
  const words = new BigUint64Array(memory.buffer, memory.byteOffset, memory.length / 8)
  const result: { offset: number; bytes: Uint8Array }[] = []
  let from = -1
  let to = 0
  for (let at = 0; at < words.length; at++) {
    if (words[at] === 0n) continue
    const offset = at * 8
    if (from >= 0 && offset - to >= MIN_GAP) {
      result.push({ offset: from, bytes: memory.subarray(from, to) })
      from = -1
    }
    if (from < 0) from = offset
    to = offset + 8
  }
  if (from >= 0) result.push({ offset: from, bytes: memory.subarray(from, to) })
  return result
}
