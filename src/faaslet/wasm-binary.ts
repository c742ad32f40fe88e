/**
 * Reads and writes the parts of a WebAssembly binary that the faaslet pipeline changes: sections, globals,
 * imports, exports, memory and data. Code is copied as it is.
 *
 * @see https://webassembly.github.io/spec/core/binary/modules.html
 * @module
 */

/** Section numbers of the binary format. */
export const SECTION = {
  custom: 0,
  import: 2,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  data: 11,
  dataCount: 12,
} as const

/** Kinds of imports and exports. */
export const EXTERNAL = { function: 0, table: 1, memory: 2, global: 3 } as const

/** A section as it lies in the binary. */
export interface Section {
  /** One of {@link SECTION}. */
  id: number
  /** Without id and size. */
  body: Uint8Array
}

/** A global that the module defines. */
export interface Global {
  /** Value type: 0x7f i32, 0x7e i64, 0x7d f32, 0x7c f64. */
  type: number
  mutable: boolean
  /** The constant expression that initialises it, with its end. */
  init: Uint8Array
}

/** Something that the module gives away. */
export interface Export {
  name: string
  /** One of {@link EXTERNAL}. */
  kind: number
  index: number
}

/** Something that the module asks for. */
export interface Import {
  module: string
  name: string
  /** One of {@link EXTERNAL}. */
  kind: number
  /** Its type, as it lies in the binary. */
  type: Uint8Array
}

const HEADER = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)
const decoder = new TextDecoder()
const encoder = new TextEncoder()

/** The sections of a module, in order. Throws a RangeError when it is not one. */
export function readSections(wasm: Uint8Array): Section[] {
  if (wasm.length < 8 || HEADER.some((byte, at) => wasm[at] !== byte)) {
    throw new RangeError("not a WebAssembly module")
  }
  const reader = new Reader(wasm, 8)
  const sections: Section[] = []
  while (!reader.done) {
    const id = reader.byte()
    sections.push({ id, body: reader.bytes(reader.unsigned()) })
  }
  return sections
}

/** A module of these sections. */
export function writeSections(sections: Section[]): Uint8Array {
  const writer = new Writer()
  writer.bytes(HEADER)
  for (const { id, body } of sections) {
    writer.byte(id)
    writer.unsigned(body.length)
    writer.bytes(body)
  }
  return writer.finish()
}

/** The body of the section with that id; undefined when the module has none. */
export function findSection(sections: Section[], id: number): Uint8Array | undefined {
  return sections.find((section) => section.id === id)?.body
}

/** Entries of an import section. */
export function readImports(body: Uint8Array | undefined): Import[] {
  if (!body) return []
  const reader = new Reader(body)
  return Array.from({ length: reader.unsigned() }, () => {
    const module = reader.name()
    const name = reader.name()
    const kind = reader.byte()
    return { module, name, kind, type: reader.slice(() => skipType(reader, kind)) }
  })
}

/** An import section. */
export function writeImports(imports: Import[]): Uint8Array {
  const writer = new Writer()
  writer.unsigned(imports.length)
  for (const entry of imports) {
    writer.name(entry.module)
    writer.name(entry.name)
    writer.byte(entry.kind)
    writer.bytes(entry.type)
  }
  return writer.finish()
}

/** Entries of a global section. */
export function readGlobals(body: Uint8Array | undefined): Global[] {
  if (!body) return []
  const reader = new Reader(body)
  return Array.from({ length: reader.unsigned() }, () => {
    const type = reader.byte()
    const mutable = reader.byte() === 1
    return { type, mutable, init: reader.slice(() => skipExpression(reader)) }
  })
}

/** A global section. */
export function writeGlobals(globals: Global[]): Uint8Array {
  const writer = new Writer()
  writer.unsigned(globals.length)
  for (const global of globals) {
    writer.byte(global.type)
    writer.byte(global.mutable ? 1 : 0)
    writer.bytes(global.init)
  }
  return writer.finish()
}

/** The expression of a global's value: a number for i32 and f64, a bigint for i64. */
export function constantExpression(type: number, value: number | bigint): Uint8Array {
  const writer = new Writer()
  if (type === 0x7f) {
    writer.byte(0x41)
    writer.signed(BigInt(value) | 0n)
  } else if (type === 0x7e) {
    writer.byte(0x42)
    writer.signed(BigInt.asIntN(64, BigInt(value)))
  } else if (type === 0x7c) {
    writer.byte(0x44)
    const bytes = new Uint8Array(8)
    new DataView(bytes.buffer).setFloat64(0, Number(value), true)
    writer.bytes(bytes)
  } else {
    throw new RangeError(`a global of type 0x${type.toString(16)} can't be kept`)
  }
  writer.byte(0x0b)
  return writer.finish()
}

/** Entries of an export section. */
export function readExports(body: Uint8Array | undefined): Export[] {
  if (!body) return []
  const reader = new Reader(body)
  return Array.from({ length: reader.unsigned() }, () => ({
    name: reader.name(),
    kind: reader.byte(),
    index: reader.unsigned(),
  }))
}

/** An export section. */
export function writeExports(exports: Export[]): Uint8Array {
  const writer = new Writer()
  writer.unsigned(exports.length)
  for (const entry of exports) {
    writer.name(entry.name)
    writer.byte(entry.kind)
    writer.unsigned(entry.index)
  }
  return writer.finish()
}

/** A memory section: one memory of fixed size. */
export function writeFixedMemory(pages: number): Uint8Array {
  const writer = new Writer()
  writer.unsigned(1)
  writer.byte(1)
  writer.unsigned(pages)
  writer.unsigned(pages)
  return writer.finish()
}

/** A data section of active segments for memory 0. */
export function writeData(segments: { offset: number; bytes: Uint8Array }[]): Uint8Array {
  const writer = new Writer()
  writer.unsigned(segments.length)
  for (const { offset, bytes } of segments) {
    writer.byte(0)
    writer.bytes(constantExpression(0x7f, offset))
    writer.unsigned(bytes.length)
    writer.bytes(bytes)
  }
  return writer.finish()
}

function skipType(reader: Reader, kind: number): void {
  if (kind === EXTERNAL.function) {
    reader.unsigned()
  } else if (kind === EXTERNAL.global) {
    reader.byte()
    reader.byte()
  } else {
    if (kind === EXTERNAL.table) reader.byte()
    const flags = reader.byte()
    reader.unsigned()
    if (flags & 1) reader.unsigned()
  }
}

function skipExpression(reader: Reader): void {
  for (;;) {
    const opcode = reader.byte()
    if (opcode === 0x0b) return
    if (opcode === 0x41 || opcode === 0x42 || opcode === 0x23) reader.skipLeb()
    else if (opcode === 0x43) reader.bytes(4)
    else if (opcode === 0x44) reader.bytes(8)
    else throw new RangeError(`opcode 0x${opcode.toString(16)} in a constant expression`)
  }
}

class Reader {
  readonly #bytes: Uint8Array
  #at: number

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes
    this.#at = at
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length
  }

  byte(): number {
    const byte = this.#bytes[this.#at++]
    if (byte === undefined) throw new RangeError("the WebAssembly module ends early")
    return byte
  }

  bytes(count: number): Uint8Array {
    if (count > this.#bytes.length - this.#at) throw new RangeError("the WebAssembly module ends early")
    this.#at += count
    return this.#bytes.subarray(this.#at - count, this.#at)
  }

  unsigned(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte()
      value += (byte & 127) * 2 ** shift
      if (byte < 128) return value
    }
    throw new RangeError("a number in the WebAssembly module is too long")
  }

  skipLeb(): void {
    while (this.byte() > 127) {}
  }

  name(): string {
    return decoder.decode(this.bytes(this.unsigned()))
  }

  /** What `skip` goes over. */
  slice(skip: () => void): Uint8Array {
    const from = this.#at
    skip()
    return this.#bytes.subarray(from, this.#at)
  }
}

class Writer {
  #bytes = new Uint8Array(1024)
  #length = 0

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
  }

  byte(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#length++] = value
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.length)
    this.#bytes.set(value, this.#length)
    this.#length += value.length
  }

  unsigned(value: number): void {
    while (value > 127) {
      this.byte((value % 128) | 128)
      value = Math.floor(value / 128)
    }
    this.byte(value)
  }

  signed(value: bigint): void {
    for (;;) {
      const byte = Number(value & 127n)
      value >>= 7n
      if ((value === 0n && (byte & 64) === 0) || (value === -1n && (byte & 64) !== 0)) {
        this.byte(byte)
        return
      }
      this.byte(byte | 128)
    }
  }

  name(value: string): void {
    const bytes = encoder.encode(value)
    this.unsigned(bytes.length)
    this.bytes(bytes)
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }
}
