import { ByteReader, WasmFormatError } from "./byte-reader.ts"

/** Ids of a module's sections. */
export const SECTION = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
} as const

/** Bytes of a WebAssembly page. */
export const PAGE_BYTES = 65536

/** A section's payload within the module's bytes. */
export interface Section {
  id: number
  start: number
  end: number
}

/** Parameters and results, each as the byte of its type: 0x7f for i32. */
export interface FunctionType {
  params: number[]
  results: number[]
}

/** An import of a module. */
interface ModuleImport {
  module: string
  name: string
  /** 0 function, 1 table, 2 memory, 3 global, 4 tag. */
  kind: number
  /** Index into {@link ModuleInfo.types} when it is a function. */
  type: number
}

/** How large something is from the start and at most; `max` is absent when it may grow without bound. */
export interface Limits {
  min: number
  max?: number
}

/** What the runtime needs to know about a module, beyond that the engine accepted it. */
export interface ModuleInfo {
  sections: Section[]
  types: FunctionType[]
  imports: ModuleImport[]
  /** Type indices of the functions that the module defines. */
  functions: number[]
  /** The module's memories, in pages. */
  memories: Limits[]
  /** The module's tables, in elements of a type. */
  tables: (Limits & { type: number })[]
  exports: { name: string; kind: number; index: number }[]
  /** The module has a start function, which runs when it is instantiated. */
  hasStart: boolean
}

/** Limits' flags: has a maximum. Every other flag (shared, 64-bit) is none of a function's features. */
const HAS_MAX = 1

/**
 * Reads a module's sections, types, imports, memories and exports.
 *
 * @throws WasmFormatError when the bytes are no module, or one with features that a function can't have.
 */
export function readModuleInfo(bytes: Uint8Array): ModuleInfo {
  const sections = readSections(bytes)
  const info: ModuleInfo = {
    sections,
    types: [],
    imports: [],
    functions: [],
    memories: [],
    tables: [],
    exports: [],
    hasStart: false,
  }
  for (const section of sections) {
    const reader = new ByteReader(bytes, section.start, section.end)
    if (section.id === SECTION.type) info.types = vector(reader, readFunctionType)
    else if (section.id === SECTION.import) info.imports = vector(reader, readImport)
    else if (section.id === SECTION.function) info.functions = vector(reader, () => reader.u32())
    else if (section.id === SECTION.memory) info.memories = vector(reader, readLimits)
    else if (section.id === SECTION.table)
      info.tables = vector(reader, () => ({ type: readValueType(reader), ...readLimits(reader) }))
    else if (section.id === SECTION.export) info.exports = vector(reader, readExport)
    else if (section.id === SECTION.start) info.hasStart = true
  }
  return info
}

function readSections(bytes: Uint8Array): Section[] {
  const reader = new ByteReader(bytes)
  const header = reader.take(8)
  if (Buffer.compare(header, Buffer.from("\0asm\u0001\0\0\0", "latin1")) !== 0)
    throw new WasmFormatError("not a WebAssembly module: it does not begin with \\0asm and version 1")
  const sections: Section[] = []
  while (!reader.done) {
    const id = reader.u8()
    const size = reader.u32()
    const start = reader.position
    reader.skip(size)
    sections.push({ id, start, end: reader.position })
  }
  return sections
}

/** Reads a vector, whose length is before it. */
function vector<T>(reader: ByteReader, item: (reader: ByteReader) => T): T[] {
  const items: T[] = []
  for (let count = reader.u32(); count > 0; count--) items.push(item(reader))
  return items
}

function readFunctionType(reader: ByteReader): FunctionType {
  const form = reader.u8()
  if (form !== 0x60)
    throw new WasmFormatError(`a type of form 0x${form.toString(16)}, which Faasm does not run`)
  return { params: vector(reader, readValueType), results: vector(reader, readValueType) }
}

/** Value types: the numbers and v128, and the two plain references. */
function readValueType(reader: ByteReader): number {
  const type = reader.u8()
  if ((type >= 0x7b && type <= 0x7f) || type === 0x70 || type === 0x6f) return type
  throw new WasmFormatError(`a value of type 0x${type.toString(16)}, which Faasm does not run`)
}

function readImport(reader: ByteReader): ModuleImport {
  const module = reader.name()
  const name = reader.name()
  const kind = reader.u8()
  if (kind === 0) return { module, name, kind, type: reader.u32() }
  if (kind === 1) {
    readValueType(reader)
    readLimits(reader)
  } else if (kind === 2) readLimits(reader)
  else if (kind === 3) reader.skip(2)
  else throw new WasmFormatError(`an import of kind ${kind}, which Faasm does not run`)
  return { module, name, kind, type: -1 }
}

function readLimits(reader: ByteReader): Limits {
  const flags = reader.u8()
  if (flags > HAS_MAX)
    throw new WasmFormatError("a shared or 64-bit memory or table, which Faasm does not run")
  const min = reader.u32()
  return flags === HAS_MAX ? { min, max: reader.u32() } : { min }
}

function readExport(reader: ByteReader): { name: string; kind: number; index: number } {
  return { name: reader.name(), kind: reader.u8(), index: reader.u32() }
}
