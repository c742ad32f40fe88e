import { textChecksum } from "./checksum.ts"

/** Documents as the json_dumps benchmark has them: empty, simple, nested and large. */
function documents(): unknown[] {
  const simple = { key1: 0, key2: true, key3: "value", key4: "föö", key5: "string" }
  const nested = { key1: 0, key2: simple, key3: "value", key4: simple, key5: simple, key: "ąęż" }
  const large = Array.from({ length: 20 }, (_, i) => ({ ...nested, list: [i, i / 3, null, `${i}`] }))
  return [{}, simple, nested, large]
}

/** Writes documents as JSON. */
export function jsonDumps(rounds: number): { characters: number; checksum: number } {
  let characters = 0
  let checksum = 0
  for (let round = 0; round < rounds; round++) {
    for (const document of documents()) {
      const text = JSON.stringify(document)
      characters += text.length
      checksum = (checksum + textChecksum(text)) >>> 0
    }
  }
  return { characters, checksum }
}

/** Reads documents of JSON. */
export function jsonLoads(rounds: number): { objects: number; checksum: number } {
  const texts = documents().map((document) => JSON.stringify(document))
  let objects = 0
  let checksum = 0
  for (let round = 0; round < rounds; round++) {
    for (const text of texts) {
      const value: unknown = JSON.parse(text)
      objects += countObjects(value)
      checksum = (checksum + text.length) >>> 0
    }
  }
  return { objects, checksum }
}

function countObjects(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0
  const inner = Object.values(value).reduce((sum: number, part) => sum + countObjects(part), 0)
  return Array.isArray(value) ? inner : inner + 1
}
