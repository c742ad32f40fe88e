import { randomFillSync } from "node:crypto"
import { markCards } from "./card-table.ts"

/** What a running function reads and writes; one call's. */
export interface HostCall {
  /** The call's input. */
  readonly input: Uint8Array
  /** Takes the output; a later one replaces it. The bytes are valid only during the call of `output`. */
  output(bytes: Uint8Array): void
  /** Takes what the function printed. The bytes are valid only during the call of `print`. */
  print(bytes: Uint8Array): void
}

/** Thrown through the guest's frames by `proc_exit`. */
export class GuestExit {
  readonly code: number

  constructor(code: number) {
    this.code = code
  }
}

/** Errors of WASI that a function can get; the numbers are WASI's. */
const SUCCESS = 0
const EBADF = 8
const EINVAL = 28
const ESPIPE = 70

/** The program's name, as Faasm gives it. */
const ARGUMENTS = Buffer.from("function.wasm\0")

/** The most buffers of one `fd_write`. */
const MAX_IO_VECTORS = 1024

/**
 * The functions that a guest may call, over one instance's memory.
 *
 * No pointer or length of the guest is trusted: whatever does not lie within its memory traps. Faasm
 * takes both of its own functions' pointers for NUL-terminated strings, and traps when there is no NUL
 * between the pointer and the end of the memory; so does this, lest a function that works here fails there.
 */
export class HostInterface {
  /** Set while a call runs. */
  call: HostCall | undefined
  /** Bytes at the front of the memory that the guest does not see; see card-table.ts. */
  readonly #base: number
  readonly #tracked: boolean
  #memory: WebAssembly.Memory | undefined
  #view = new Uint8Array(0)
  /** The same, as a Buffer: its `indexOf` is 70 times as quick as a typed array's. */
  #searchable = Buffer.alloc(0)

  /**
   * @param base Bytes at the front of the memory that belong to the host.
   * @param tracked Whether they are a card table, in which the host's own writes are to be marked.
   */
  constructor(base: number, tracked: boolean) {
    this.#base = base
    this.#tracked = tracked
  }

  /** Gives the instance's memory; until then the guest can't pass pointers. */
  bind(memory: WebAssembly.Memory): void {
    this.#memory = memory
  }

  /** The whole memory, the host's part included. A memory that grew has a new buffer. */
  get view(): Uint8Array {
    const buffer = this.#memory?.buffer
    if (buffer !== undefined && this.#view.buffer !== buffer) {
      this.#view = new Uint8Array(buffer)
      this.#searchable = Buffer.from(buffer)
    }
    return this.#view
  }

  /** The import object for the instance. */
  imports(): Record<string, Record<string, (...args: never[]) => number | undefined>> {
    return {
      env: {
        __faasm_read_input: (pointer: number, length: number) => this.#readInput(pointer, length),
        __faasm_write_output: (pointer: number, length: number) => this.#writeOutput(pointer, length),
      },
      wasi_snapshot_preview1: {
        args_get: (argv: number, buffer: number) => {
          this.#setU32(argv, buffer)
          this.#write(buffer, ARGUMENTS)
          return SUCCESS
        },
        args_sizes_get: (count: number, size: number) => {
          this.#setU32(count, 1)
          this.#setU32(size, ARGUMENTS.length)
          return SUCCESS
        },
        clock_time_get: (clock: number, _precision: bigint, result: number) => this.#clock(clock, result),
        environ_get: () => SUCCESS,
        environ_sizes_get: (count: number, size: number) => {
          this.#setU32(count, 0)
          this.#setU32(size, 0)
          return SUCCESS
        },
        // Faasm ignores it, so that a program may close its standard streams.
        fd_close: () => SUCCESS,
        fd_fdstat_get: (fd: number, result: number) => this.#fdStat(fd, result),
        fd_seek: (fd: number) => (isStandardStream(fd) ? ESPIPE : EBADF),
        fd_write: (fd: number, vectors: number, count: number, written: number) =>
          this.#fdWrite(fd, vectors, count, written),
        proc_exit: (code: number) => {
          throw new GuestExit(code >>> 0)
        },
        random_get: (pointer: number, length: number) => {
          const target = this.#range(pointer, length)
          randomFillSync(target)
          this.#mark(pointer, length)
          return SUCCESS
        },
      },
    }
  }

  #readInput(pointer: number, length: number): number {
    this.#string(pointer)
    const input = this.#current().input
    const wanted = length >>> 0
    if (wanted === 0) return input.length
    const count = Math.min(wanted, input.length)
    this.#write(pointer, count === input.length ? input : input.subarray(0, count))
    return count
  }

  #writeOutput(pointer: number, length: number): undefined {
    this.#string(pointer)
    this.#current().output(this.#range(pointer, length))
  }

  #clock(clock: number, result: number): number {
    let nanoseconds: bigint
    if (clock === 0)
      nanoseconds = BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n
    else if (clock === 1) nanoseconds = process.hrtime.bigint()
    else return EINVAL
    const bytes = new Uint8Array(8)
    new DataView(bytes.buffer).setBigUint64(0, nanoseconds, true)
    this.#write(result, bytes)
    return SUCCESS
  }

  #fdStat(fd: number, result: number): number {
    if (!isStandardStream(fd)) return EBADF
    const stat = new Uint8Array(24)
    const view = new DataView(stat.buffer)
    view.setUint8(0, 2) // character device
    view.setBigUint64(8, 1n << 6n, true) // may be written
    this.#write(result, stat)
    return SUCCESS
  }

  #fdWrite(fd: number, vectors: number, count: number, written: number): number {
    if (fd !== 1 && fd !== 2) return EBADF
    if (count >>> 0 > MAX_IO_VECTORS) return EINVAL
    const list = this.#range(vectors, (count >>> 0) * 8)
    const entries = new DataView(list.buffer, list.byteOffset, list.byteLength)
    let total = 0
    for (let at = 0; at < entries.byteLength; at += 8) {
      const bytes = this.#range(entries.getUint32(at, true), entries.getUint32(at + 4, true))
      if (bytes.length > 0) this.call?.print(bytes)
      total += bytes.length
    }
    this.#setU32(written, total)
    return SUCCESS
  }

  #current(): HostCall {
    if (!this.call)
      throw new WebAssembly.RuntimeError("input or output of a function that is not being called")
    return this.call
  }

  /** The bytes at a pointer of the guest; traps when they are not all in its memory. */
  #range(pointer: number, length: number): Uint8Array {
    const view = this.view
    const start = this.#base + (pointer >>> 0)
    const end = start + (length >>> 0)
    if (end > view.length) throw new WebAssembly.RuntimeError("out of bounds memory access in a host call")
    return view.subarray(start, end)
  }

  /** Traps unless there is a NUL between a pointer and the end of the memory. */
  #string(pointer: number): void {
    const view = this.view
    const start = this.#base + (pointer >>> 0)
    if (start >= view.length || this.#searchable.indexOf(0, start) < 0)
      throw new WebAssembly.RuntimeError(
        "out of bounds memory access in a host call: no NUL byte follows the buffer, as Faasm needs it",
      )
  }

  #write(pointer: number, bytes: Uint8Array): void {
    this.#range(pointer, bytes.length).set(bytes)
    this.#mark(pointer, bytes.length)
  }

  #setU32(pointer: number, value: number): void {
    const target = this.#range(pointer, 4)
    new DataView(target.buffer, target.byteOffset).setUint32(0, value, true)
    this.#mark(pointer, 4)
  }

  #mark(pointer: number, length: number): void {
    if (this.#tracked) markCards(this.view, pointer >>> 0, length >>> 0)
  }
}

function isStandardStream(fd: number): boolean {
  return fd >= 0 && fd <= 2
}
