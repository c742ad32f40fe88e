import { type ByteReader, WasmFormatError } from "./byte-reader.ts"

/*
 * The immediates of every instruction that a function may have: WebAssembly 1.0, sign extension,
 * saturating conversions, bulk memory, reference types, SIMD, tail calls. A memory is a 32-bit one, and
 * the only one.
 */

/** What an instruction does, as far as the instrumentation has to know. */
type InstructionKind =
  /** Nothing that matters. */
  | "plain"
  /** Opens a block, which an `end` closes. */
  | "block"
  | "end"
  /** Reads memory at an address with an offset. */
  | "load"
  /** Writes memory at an address with an offset. */
  | "store"
  | "memorySize"
  | "memoryGrow"
  | "memoryFill"
  | "memoryCopy"
  | "memoryInit"
  /** Changes what can't be put back: a table, or a segment that is dropped. */
  | "irreversible"

/** An instruction that has been read. Its fields are valid until the next one is read. */
export interface Instruction {
  kind: InstructionKind
  /** The opcode; of a prefixed one, the prefix. */
  opcode: number
  /** The opcode after a prefix, else 0. */
  subOpcode: number
  /** Of a load or store: the alignment, as written. */
  align: number
  /** Of a load or store: the constant offset. */
  offset: number
  /** Of a store: how many bytes it writes. */
  bytes: number
  /** Of a store: the value's type. */
  valueType: number
  /** Of `memory.init`: the segment. Of a SIMD lane access: the lane. */
  index: number
}

const I32 = 0x7f
const I64 = 0x7e
const F32 = 0x7d
const F64 = 0x7c
const V128 = 0x7b

/** Width and type of the stores 0x36 to 0x3e. */
const STORES: readonly (readonly [bytes: number, valueType: number])[] = [
  [4, I32],
  [8, I64],
  [4, F32],
  [8, F64],
  [1, I32],
  [2, I32],
  [1, I64],
  [2, I64],
  [4, I64],
]

/** A multi-memory access has this bit in its alignment. */
const MEMORY_INDEX_FLAG = 0x40

/** Reads the instruction at the reader's position into `into`. */
export function readInstruction(reader: ByteReader, into: Instruction): void {
  const opcode = reader.u8()
  into.kind = "plain"
  into.opcode = opcode
  into.subOpcode = 0
  if (opcode >= 0x45 && opcode <= 0xc4) return // numeric
  if (opcode >= 0x28 && opcode <= 0x35) {
    readMemoryArgument(reader, into, "load")
    return
  }
  if (opcode >= 0x36 && opcode <= 0x3e) {
    const [bytes, valueType] = STORES[opcode - 0x36]!
    into.bytes = bytes
    into.valueType = valueType
    readMemoryArgument(reader, into, "store")
    return
  }
  switch (opcode) {
    case 0x00: // unreachable
    case 0x01: // nop
    case 0x05: // else
    case 0x0f: // return
    case 0x1a: // drop
    case 0x1b: // select
    case 0xd1: // ref.is_null
      return
    case 0x02: // block
    case 0x03: // loop
    case 0x04: // if
      into.kind = "block"
      reader.skipLeb() // a block type: a value type, or the index of a type
      return
    case 0x0b:
      into.kind = "end"
      return
    case 0x0e: // br_table
      for (let count = reader.u32(); count > 0; count--) reader.u32()
      reader.u32()
      return
    case 0x11: // call_indirect
    case 0x13: // return_call_indirect
      reader.u32()
      reader.u32()
      return
    case 0x1c: // select with types
      for (let count = reader.u32(); count > 0; count--) reader.u8()
      return
    case 0x0c: // br
    case 0x0d: // br_if
    case 0x10: // call
    case 0x12: // return_call
    case 0x20: // local.get
    case 0x21: // local.set
    case 0x22: // local.tee
    case 0x23: // global.get
    case 0x24: // global.set
    case 0x25: // table.get
    case 0xd0: // ref.null
    case 0xd2: // ref.func
      reader.skipLeb()
      return
    case 0x26: // table.set
      into.kind = "irreversible"
      reader.skipLeb()
      return
    case 0x3f:
      into.kind = "memorySize"
      readMemoryIndex(reader)
      return
    case 0x40:
      into.kind = "memoryGrow"
      readMemoryIndex(reader)
      return
    case 0x41: // i32.const
    case 0x42: // i64.const
      reader.skipLeb()
      return
    case 0x43: // f32.const
      reader.skip(4)
      return
    case 0x44: // f64.const
      reader.skip(8)
      return
    case 0xfc:
      readBulk(reader, into)
      return
    case 0xfd:
      readSimd(reader, into)
      return
    default:
      throw new WasmFormatError(`instruction 0x${opcode.toString(16)}`)
  }
}

function readMemoryArgument(reader: ByteReader, into: Instruction, kind: "load" | "store"): void {
  into.kind = kind
  into.align = reader.u32()
  if (into.align >= MEMORY_INDEX_FLAG) throw new WasmFormatError("an access to a second memory")
  into.offset = reader.u32()
}

function readMemoryIndex(reader: ByteReader): void {
  if (reader.u8() !== 0) throw new WasmFormatError("an access to a second memory")
}

function readBulk(reader: ByteReader, into: Instruction): void {
  const opcode = reader.u32()
  into.subOpcode = opcode
  if (opcode <= 7) return // saturating conversions
  switch (opcode) {
    case 8:
      into.kind = "memoryInit"
      into.index = reader.u32()
      readMemoryIndex(reader)
      return
    case 9: // data.drop
    case 13: // elem.drop
    case 15: // table.grow
    case 17: // table.fill
      into.kind = "irreversible"
      reader.skipLeb()
      return
    case 10:
      into.kind = "memoryCopy"
      readMemoryIndex(reader)
      readMemoryIndex(reader)
      return
    case 11:
      into.kind = "memoryFill"
      readMemoryIndex(reader)
      return
    case 12: // table.init
    case 14: // table.copy
      into.kind = "irreversible"
      reader.u32()
      reader.u32()
      return
    case 16: // table.size
      reader.skipLeb()
      return
    default:
      throw new WasmFormatError(`instruction 0xfc ${opcode}`)
  }
}

function readSimd(reader: ByteReader, into: Instruction): void {
  const opcode = reader.u32()
  into.subOpcode = opcode
  into.valueType = V128
  if (opcode <= 10 || opcode === 92 || opcode === 93) {
    readMemoryArgument(reader, into, "load")
    return
  }
  if (opcode === 11) {
    into.bytes = 16
    readMemoryArgument(reader, into, "store")
    return
  }
  if (opcode === 12 || opcode === 13) {
    // v128.const, i8x16.shuffle
    reader.skip(16)
    return
  }
  if (opcode >= 21 && opcode <= 34) {
    // a lane
    reader.skip(1)
    return
  }
  if (opcode >= 84 && opcode <= 91) {
    into.bytes = 1 << ((opcode - 84) & 3)
    readMemoryArgument(reader, into, opcode < 88 ? "load" : "store")
    into.index = reader.u8()
    return
  }
  if (opcode > 255) throw new WasmFormatError(`instruction 0xfd ${opcode}`)
}

/** Whether an instruction is a SIMD access to one lane, which has the lane's number at its end. */
export function hasLane(instruction: Instruction): boolean {
  return instruction.opcode === 0xfd && instruction.subOpcode >= 84 && instruction.subOpcode <= 91
}

/** An instruction to read into. */
export function newInstruction(): Instruction {
  return { kind: "plain", opcode: 0, subOpcode: 0, align: 0, offset: 0, bytes: 0, valueType: 0, index: 0 }
}
