import { join } from "node:path"
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf"
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt"
import { compileCodec } from "../src/codec/index.ts"
import { packageRoot } from "../src/package-root.ts"
import { generateSchema } from "../src/schema/index.ts"

/** A value, and how it becomes bytes and a value again in either way of calling. */
export interface PayloadKind {
  kind: string
  rpc: Conversion
  json: Conversion
}

/** Must be run for every call: it is part of what a call costs. */
export interface Conversion {
  encode(): Uint8Array
  decode(bytes: Uint8Array): unknown
}

/** Characters of a number as JSON and of a leaf of the tree, about. */
const NUMBER_CHARACTERS = 10.3
const LEAF_CHARACTERS = 48

/**
 * Values whose JSON has about as many bytes: strings, numbers, a tree, and bytes, which JSON has in base64 and RPC as
 * they are.
 */
export function payloadKinds(jsonBytes: number): PayloadKind[] {
  const strings = { values: times(jsonBytes / 28, (i) => `a string of some words ${i % 10}`) }
  const numbers = { values: times(jsonBytes / NUMBER_CHARACTERS, (i) => ((i * 7919) % 100_000) / 64) }
  const leaves = times(jsonBytes / LEAF_CHARACTERS, (i) => ({
    name: `leaf number ${i}`,
    visible: i % 2 === 0,
  }))
  const branches = grouped(leaves, 8).map((children, i) => ({ name: `branch ${i}`, children }))
  const nested = {
    name: "root",
    children: grouped(branches, 8).map((children, i) => ({ name: `limb ${i}`, children })),
  }
  const binary = Buffer.from(times((jsonBytes * 3) / 4, (i) => (i * 31) & 255))
  const desc = messages()
  const typed = (kind: string, message: string, value: object): PayloadKind => {
    const codec = compileCodec(desc(message))
    return {
      kind,
      rpc: {
        encode() {
          const encoded = codec.encode(value)
          if (!("bytes" in encoded)) throw new Error(`the ${kind} do not fit: ${encoded.misfit.reason}`)
          return encoded.bytes
        },
        decode: (bytes) => codec.decode(bytes),
      },
      json: {
        encode: () => Buffer.from(JSON.stringify(value)),
        decode: (bytes) => JSON.parse(Buffer.from(bytes).toString()),
      },
    }
  }
  return [
    typed("strings", "Strings", strings),
    typed("numbers", "Numbers", numbers),
    typed("nested", "Nested", nested),
    {
      kind: "binary",
      rpc: { encode: () => binary, decode: (bytes) => bytes },
      json: {
        encode: () => Buffer.from(JSON.stringify({ base64: binary.toString("base64") })),
        decode: (bytes) => Buffer.from(JSON.parse(Buffer.from(bytes).toString()).base64, "base64"),
      },
    },
  ]
}

/** The messages that `hono-faasm generate` makes of the app's types, by name. */
function messages() {
  const appFile = join(packageRoot, "bench/apps/kinds.ts")
  const { fileSet, package: name } = generateSchema({ appFile, appName: "bench", dir: "none" })
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, fileSet))
  return (message: string) => registry.getMessage(`${name}.${message}`)!
}

function grouped<T>(all: readonly T[], size: number): T[][] {
  return times(all.length / size, (i) => all.slice(i * size, (i + 1) * size))
}

/** At least one. */
function times<T>(length: number, make: (index: number) => T): T[] {
  return Array.from({ length: Math.max(1, Math.ceil(length)) }, (_, i) => make(i))
}
