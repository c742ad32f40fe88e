import { WasmFormatError } from "./wasm/byte-reader.ts"
import { MAX_TABLE_ELEMENTS } from "./wasm/limit-sizes.ts"
import { type FunctionType, type ModuleInfo, PAGE_BYTES } from "./wasm/module-info.ts"

const I32 = 0x7f
const I64 = 0x7e

/** A host function's type: parameters, then results. */
const signature = (params: number[], results: number[] = []): FunctionType => ({ params, results })

/**
 * What a function may import: Faasm's host interface as docs/protocol.md and the function contract have
 * it, and what the start-up code of a C program needs besides (`proc_exit`, arguments, environment).
 */
const HOST_INTERFACE: Record<string, Record<string, FunctionType>> = {
  env: {
    __faasm_read_input: signature([I32, I32], [I32]),
    __faasm_write_output: signature([I32, I32]),
  },
  wasi_snapshot_preview1: {
    args_get: signature([I32, I32], [I32]),
    args_sizes_get: signature([I32, I32], [I32]),
    clock_time_get: signature([I32, I64, I32], [I32]),
    environ_get: signature([I32, I32], [I32]),
    environ_sizes_get: signature([I32, I32], [I32]),
    fd_close: signature([I32], [I32]),
    fd_fdstat_get: signature([I32, I32], [I32]),
    fd_seek: signature([I32, I64, I32, I32], [I32]),
    fd_write: signature([I32, I32, I32, I32], [I32]),
    proc_exit: signature([I32]),
    random_get: signature([I32, I32], [I32]),
  },
}

/**
 * Checks that a module is a function: that it imports only what the host has, and exports what the host
 * calls.
 *
 * @param maxMemoryBytes Memory that a function may have from the start.
 * @throws WasmFormatError saying what is wrong.
 */
export function checkFunctionContract(info: ModuleInfo, maxMemoryBytes: number): void {
  for (const { module, name, kind, type } of info.imports) {
    const expected = Object.hasOwn(HOST_INTERFACE, module) ? HOST_INTERFACE[module]! : {}
    if (kind !== 0 || !Object.hasOwn(expected, name))
      throw new WasmFormatError(`it imports ${module}.${name}, which the host does not have`)
    if (!sameType(info.types[type], expected[name]!))
      throw new WasmFormatError(`it imports ${module}.${name} with another type than the host's`)
  }
  const start = info.exports.find((entry) => entry.name === "_start" && entry.kind === 0)
  if (!start) throw new WasmFormatError("it does not export a function named _start")
  const importedFunctions = info.imports.length
  const startType =
    start.index < importedFunctions
      ? info.imports[start.index]!.type
      : info.functions[start.index - importedFunctions]!
  if (!sameType(info.types[startType], signature([])))
    throw new WasmFormatError("its _start takes parameters or has a result")
  if (!info.exports.some((entry) => entry.name === "memory" && entry.kind === 2))
    throw new WasmFormatError("it does not export a memory named memory")
  if (info.memories.length !== 1) throw new WasmFormatError("it has more than one memory")
  if (info.memories[0]!.min * PAGE_BYTES > maxMemoryBytes)
    throw new WasmFormatError(
      `its memory is ${info.memories[0]!.min * PAGE_BYTES} bytes from the start; a function may have ${maxMemoryBytes}`,
    )
  const elements = info.tables.reduce((sum, { min }) => sum + min, 0)
  if (elements > MAX_TABLE_ELEMENTS)
    throw new WasmFormatError(
      `its tables have ${elements} elements from the start; a function may have ${MAX_TABLE_ELEMENTS}`,
    )
}

function sameType(a: FunctionType | undefined, b: FunctionType): boolean {
  return a !== undefined && sameList(a.params, b.params) && sameList(a.results, b.results)
}

function sameList(a: number[], b: number[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index])
}
