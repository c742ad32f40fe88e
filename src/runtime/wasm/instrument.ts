import { CARD_SHIFT, tablePages } from "../card-table.ts"
import { GROW_FAILED_EXPORT, RESET_EXPORT, type ResetPlan } from "../prepared-function.ts"
import { ByteReader, WasmFormatError } from "./byte-reader.ts"
import { ByteWriter } from "./byte-writer.ts"
import { hasLane, newInstruction, readInstruction } from "./instructions.ts"
import { type ModuleInfo, PAGE_BYTES, SECTION, type Section } from "./module-info.ts"

/*
 * Rewrites a module so that its instances can be put back after a call.
 *
 * - Pages for a card table (see card-table.ts) come before the guest's memory: every access gets their
 *   size added to its offset, and so do data segments, `memory.size` and the bulk instructions.
 * - After each store, the card of its last byte is marked. After, because a store that succeeded lies
 *   within the memory: the sum of its address and offset can't wrap around then.
 * - An exported function sets every mutable global to its initial value.
 * - `memory.grow` notes when it failed.
 *
 * What it adds comes at the end of its index space, so that nothing in the module needs a new number.
 */

const I32 = 0x7f

/** Locals that hold a store's value, by its type; and one for its address. */
const SCRATCH_TYPES = [I32, 0x7e, 0x7d, 0x7c, 0x7b]

/** The largest offset that an access can have. Whatever lies that far is outside of any function's memory. */
const MAX_OFFSET = 0xffffffff

/** A module rewritten, and what putting back its instances takes. */
export interface Instrumented {
  bytes: Uint8Array
  reset: ResetPlan
}

/**
 * Instruments a module that is known to be valid and a function.
 *
 * @param maxPages The most pages that the guest's memory may have.
 * @throws WasmFormatError saying what in the module can't be put back.
 */
export function instrument(bytes: Uint8Array, info: ModuleInfo, maxPages: number): Instrumented {
  if (info.hasStart) throw new WasmFormatError("it has a start function")
  if (info.exports.some(({ name }) => name === RESET_EXPORT || name === GROW_FAILED_EXPORT))
    throw new WasmFormatError(`it has an export of the host's, ${RESET_EXPORT} or ${GROW_FAILED_EXPORT}`)
  return new Instrumenter(bytes, info, maxPages).run()
}

class Instrumenter {
  readonly #bytes: Uint8Array
  readonly #info: ModuleInfo
  readonly #minPages: number
  readonly #maxPages: number
  readonly #basePages: number
  /** Bytes before the guest's memory. */
  readonly #base: number
  /** Index of the first function, type and global that are added. */
  readonly #firstFunction: number
  readonly #firstType: number
  readonly #globals: Global[]
  readonly #segments: ResetPlan["segments"] = []
  /** Helpers for `memory.init`, by segment. */
  readonly #initHelpers = new Map<number, number>()
  #growHelper: number | undefined
  #fillHelper: number | undefined
  #copyHelper: number | undefined
  readonly #markHelper: number
  readonly #resetHelper: number
  /** Functions that are added: type, and body without its size. */
  readonly #added: { type: number; body: Uint8Array }[] = []

  constructor(bytes: Uint8Array, info: ModuleInfo, maxPages: number) {
    this.#bytes = bytes
    this.#info = info
    const memory = info.memories[0]!
    this.#minPages = memory.min
    this.#maxPages = Math.min(memory.max ?? maxPages, maxPages)
    this.#basePages = tablePages(this.#maxPages)
    this.#base = this.#basePages * PAGE_BYTES
    this.#firstFunction = info.imports.length + info.functions.length
    this.#firstType = info.types.length
    this.#globals = this.#readGlobals()
    this.#markHelper = this.#add(TYPE.range, markBody())
    this.#resetHelper = this.#add(TYPE.nothing, this.#resetBody())
  }

  run(): Instrumented {
    // Bodies first: they tell which helpers are needed.
    const code = this.#codeSection()
    const output = new ByteWriter(this.#bytes.length * 2)
    output.raw(this.#bytes.subarray(0, 8))
    const section = (id: number, payload: Uint8Array) => output.u8(id).sized(payload)
    let globalsWritten = false
    const globalsBefore = (id: number) => {
      // A module without globals has no section for the one that is added.
      if (!globalsWritten && (id === SECTION.export || id === SECTION.code)) {
        section(SECTION.global, this.#globalSection(undefined))
        globalsWritten = true
      }
    }
    for (const part of this.#info.sections) {
      if (part.id === SECTION.custom && !this.#isNameSection(part)) continue
      globalsBefore(part.id)
      const payload = this.#bytes.subarray(part.start, part.end)
      switch (part.id) {
        case SECTION.type:
          section(part.id, appended(payload, ADDED_TYPES))
          break
        case SECTION.function:
          section(
            part.id,
            appended(
              payload,
              this.#added.map(({ type }) => new ByteWriter(8).u32(this.#firstType + type).finish()),
            ),
          )
          break
        case SECTION.memory:
          section(part.id, this.#memorySection())
          break
        case SECTION.global:
          section(part.id, this.#globalSection(payload))
          globalsWritten = true
          break
        case SECTION.export:
          section(part.id, appended(payload, this.#addedExports()))
          break
        case SECTION.code:
          section(part.id, code)
          break
        case SECTION.data:
          section(part.id, this.#dataSection(part))
          break
        default:
          section(part.id, payload)
      }
    }
    return {
      bytes: output.finish(),
      reset: { base: this.#base, memoryBytes: this.#minPages * PAGE_BYTES, segments: this.#segments },
    }
  }

  #add(type: number, body: Uint8Array): number {
    this.#added.push({ type, body })
    return this.#firstFunction + this.#added.length - 1
  }

  #isNameSection(section: Section): boolean {
    // Names make traps readable. Others, such as branch hints, tell positions that are no longer true.
    return new ByteReader(this.#bytes, section.start, section.end).name() === "name"
  }

  #memorySection(): Uint8Array {
    return new ByteWriter(16)
      .u8(1, 1)
      .u32(this.#minPages + this.#basePages)
      .u32(this.#maxPages + this.#basePages)
      .finish()
  }

  #readGlobals(): Global[] {
    const section = this.#info.sections.find(({ id }) => id === SECTION.global)
    if (!section) return []
    const reader = new ByteReader(this.#bytes, section.start, section.end)
    const globals: Global[] = []
    for (let count = reader.u32(); count > 0; count--) {
      reader.u8() // Its type; the engine has checked that the value has it.
      const mutable = reader.u8() === 1
      globals.push({ mutable, init: readConstant(reader) })
    }
    return globals
  }

  #globalSection(payload: Uint8Array | undefined): Uint8Array {
    const added = new ByteWriter(8).u8(I32, 1, 0x41, 0, 0x0b).finish()
    return payload ? appended(payload, [added]) : new ByteWriter(8).u8(1).raw(added).finish()
  }

  #addedExports(): Uint8Array[] {
    const entry = (name: string, kind: number, index: number) =>
      new ByteWriter(32).sized(Buffer.from(name)).u8(kind).u32(index).finish()
    return [entry(RESET_EXPORT, 0, this.#resetHelper), entry(GROW_FAILED_EXPORT, 3, this.#globals.length)]
  }

  /** Sets every mutable global to its initial value, and the note of a failed growth to none. */
  #resetBody(): Uint8Array {
    const body = new ByteWriter().u8(0)
    this.#globals.forEach(({ mutable, init }, index) => {
      if (mutable) body.raw(init).u8(0x24).u32(index)
    })
    return body.u8(0x41, 0, 0x24).u32(this.#globals.length).u8(0x0b).finish()
  }

  #dataSection(section: Section): Uint8Array {
    const reader = new ByteReader(this.#bytes, section.start, section.end)
    const output = new ByteWriter(section.end - section.start + 64)
    const count = reader.u32()
    output.u32(count)
    for (let segment = 0; segment < count; segment++) {
      const flags = reader.u32()
      output.u32(flags)
      if (flags === 1) {
        output.sized(reader.take(reader.u32()))
        continue
      }
      if (flags === 2) output.u32(reader.u32())
      const offset = readConstantAddress(reader)
      const bytes = reader.take(reader.u32())
      if (offset + bytes.length > this.#minPages * PAGE_BYTES)
        throw new WasmFormatError("a data segment lies outside of its memory")
      output
        .u8(0x41)
        .s32(offset + this.#base)
        .u8(0x0b)
        .sized(bytes)
      // Copied: it outlives the upload's buffer, and goes to every worker.
      this.#segments.push({ offset, bytes: new Uint8Array(bytes) })
    }
    return output.finish()
  }

  #codeSection(): Uint8Array {
    const section = this.#info.sections.find(({ id }) => id === SECTION.code)
    if (!section) throw new WasmFormatError("it has no code of its own")
    const reader = new ByteReader(this.#bytes, section.start, section.end)
    const bodies = new ByteWriter((section.end - section.start) * 2)
    const count = reader.u32()
    for (let index = 0; index < count; index++) {
      const size = reader.u32()
      const start = reader.position
      reader.skip(size)
      bodies.sized(this.#functionBody(new ByteReader(this.#bytes, start, reader.position), index))
    }
    for (const { body } of this.#added) bodies.sized(body)
    return new ByteWriter(bodies.length + 8)
      .u32(count + this.#added.length)
      .raw(bodies.finish())
      .finish()
  }

  #functionBody(reader: ByteReader, index: number): Uint8Array {
    const localsStart = reader.position
    let declared = 0
    const groups = reader.u32()
    const groupsStart = reader.position
    for (let group = 0; group < groups; group++) {
      declared += reader.u32()
      reader.u8()
    }
    const groupsEnd = reader.position
    const type = this.#info.types[this.#info.functions[index]!]!
    const firstScratch = type.params.length + declared
    const code = new ByteWriter((reader.end - reader.position) * 2)
    const stores = this.#rewrite(reader, code, firstScratch)
    const body = new ByteWriter(code.length + 64)
    if (stores) {
      body.u32(groups + 1 + SCRATCH_TYPES.length).raw(this.#bytes.subarray(groupsStart, groupsEnd))
      for (const scratch of [I32, ...SCRATCH_TYPES]) body.u8(1, scratch)
    } else body.raw(this.#bytes.subarray(localsStart, groupsEnd))
    return body.raw(code.finish()).finish()
  }

  /** Copies a body's instructions, instrumented; true when it uses the scratch locals. */
  #rewrite(reader: ByteReader, output: ByteWriter, firstScratch: number): boolean {
    const instruction = newInstruction()
    let stores = false
    while (!reader.done) {
      const start = reader.position
      readInstruction(reader, instruction)
      const { kind, opcode, subOpcode, offset } = instruction
      switch (kind) {
        case "load":
          this.#access(output, instruction)
          break
        case "store": {
          stores = true
          const value = firstScratch + 1 + SCRATCH_TYPES.indexOf(instruction.valueType)
          output.u8(0x21).u32(value) // local.set value
          output.u8(0x22).u32(firstScratch) // local.tee address
          output.u8(0x20).u32(value) // local.get value
          this.#access(output, instruction)
          // card[(address + offset + bytes - 1) >>> CARD_SHIFT] = 1
          const last = offset + instruction.bytes - 1
          if (last > MAX_OFFSET) break // The store traps.
          output.u8(0x20).u32(firstScratch)
          if (last > 0) output.u8(0x41).s32(last).u8(0x6a)
          output.u8(0x41, CARD_SHIFT, 0x76, 0x41, 1, 0x3a, 0, 0)
          break
        }
        case "memorySize":
          output.u8(0x3f, 0, 0x41).s32(this.#basePages).u8(0x6b)
          break
        case "memoryGrow":
          this.#growHelper ??= this.#add(TYPE.grow, this.#growBody())
          output.u8(0x10).u32(this.#growHelper)
          break
        case "memoryFill":
          this.#fillHelper ??= this.#add(TYPE.bulk, this.#bulkBody([0], new ByteWriter().u8(0xfc, 11, 0)))
          output.u8(0x10).u32(this.#fillHelper)
          break
        case "memoryCopy":
          this.#copyHelper ??= this.#add(
            TYPE.bulk,
            this.#bulkBody([0, 1], new ByteWriter().u8(0xfc, 10, 0, 0)),
          )
          output.u8(0x10).u32(this.#copyHelper)
          break
        case "memoryInit": {
          const segment = instruction.index
          let helper = this.#initHelpers.get(segment)
          if (helper === undefined) {
            const init = new ByteWriter().u8(0xfc, 8).u32(segment).u8(0)
            helper = this.#add(TYPE.bulk, this.#bulkBody([0], init))
            this.#initHelpers.set(segment, helper)
          }
          output.u8(0x10).u32(helper)
          break
        }
        case "irreversible":
          throw new WasmFormatError(
            `it changes what can't be put back: instruction 0x${opcode.toString(16)} ${subOpcode}`,
          )
        default:
          output.raw(this.#bytes.subarray(start, reader.position))
      }
    }
    return stores
  }

  /** A load or store, in the guest's part of the memory. */
  #access(output: ByteWriter, instruction: ReturnType<typeof newInstruction>): void {
    output.u8(instruction.opcode)
    if (instruction.opcode === 0xfd) output.u32(instruction.subOpcode)
    output.u32(instruction.align).u32(Math.min(instruction.offset + this.#base, MAX_OFFSET))
    if (hasLane(instruction)) output.u8(instruction.index)
  }

  /**
   * A bulk instruction (of three parameters: destination, source or value, length), in the guest's part
   * of the memory, and marked.
   *
   * @param addresses Which of the parameters are addresses.
   */
  #bulkBody(addresses: number[], instruction: ByteWriter): Uint8Array {
    const body = new ByteWriter().u8(0)
    for (const address of addresses) {
      // An address so high that adding the base would wrap around is outside: trap as such an access does.
      body
        .u8(0x20, address, 0x41)
        .s32(MAX_OFFSET - this.#base)
        .u8(0x4b, 0x04, 0x40)
      body.u8(0x41, 0x7f, 0x2d, 0).u32(MAX_OFFSET).u8(0x1a, 0x0b)
    }
    for (const parameter of [0, 1, 2]) {
      body.u8(0x20, parameter)
      if (addresses.includes(parameter)) body.u8(0x41).s32(this.#base).u8(0x6a)
    }
    body.raw(instruction.finish())
    return body.u8(0x20, 0, 0x20, 2, 0x10).u32(this.#markHelper).u8(0x0b).finish()
  }

  #growBody(): Uint8Array {
    const body = new ByteWriter().u8(1, 1, I32)
    body.u8(0x20, 0, 0x40, 0, 0x22, 1, 0x41, 0x7f, 0x46) // (result = memory.grow(pages)) == -1
    body.u8(0x04, I32, 0x41, 1, 0x24).u32(this.#globals.length).u8(0x41, 0x7f)
    body.u8(0x05, 0x20, 1, 0x41).s32(this.#basePages).u8(0x6b, 0x0b, 0x0b)
    return body.finish()
  }
}

interface Global {
  mutable: boolean
  /** Its constant expression, without the `end`. */
  init: Uint8Array
}

/** Types that are added, as their offset after the module's own. */
const TYPE = { nothing: 0, range: 1, bulk: 2, grow: 3 } as const

const ADDED_TYPES = [
  Uint8Array.of(0x60, 0, 0),
  Uint8Array.of(0x60, 2, I32, I32, 0),
  Uint8Array.of(0x60, 3, I32, I32, I32, 0),
  Uint8Array.of(0x60, 1, I32, 1, I32),
]

/** Marks the cards of a range: address, length. */
function markBody(): Uint8Array {
  const body = new ByteWriter().u8(0)
  body.u8(0x20, 1, 0x45, 0x04, 0x40, 0x0f, 0x0b) // if (length == 0) return
  body.u8(0x20, 0, 0x41, CARD_SHIFT, 0x76, 0x41, 1) // first card, the value 1
  body.u8(0x20, 0, 0x20, 1, 0x6a, 0x41, 1, 0x6b, 0x41, CARD_SHIFT, 0x76) // last card
  body.u8(0x20, 0, 0x41, CARD_SHIFT, 0x76, 0x6b, 0x41, 1, 0x6a) // - first + 1
  return body.u8(0xfc, 11, 0, 0x0b).finish()
}

/** A vector with items added at its end. */
function appended(payload: Uint8Array, items: Uint8Array[]): Uint8Array {
  const reader = new ByteReader(payload)
  const output = new ByteWriter(payload.length + 64).u32(reader.u32() + items.length)
  output.raw(payload.subarray(reader.position))
  for (const item of items) output.raw(item)
  return output.finish()
}

/** Reads a constant expression; without the `end`. */
function readConstant(reader: ByteReader): Uint8Array {
  const start = reader.position
  const instruction = newInstruction()
  do readInstruction(reader, instruction)
  while (instruction.kind !== "end")
  return reader.bytes.subarray(start, reader.position - 1)
}

/** Reads a constant expression that is a plain number. */
function readConstantAddress(reader: ByteReader): number {
  if (reader.u8() !== 0x41) throw new WasmFormatError("a data segment's place is computed")
  const address = reader.s32() >>> 0
  if (reader.u8() !== 0x0b) throw new WasmFormatError("a data segment's place is computed")
  return address
}
