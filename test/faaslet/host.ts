import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf"
import { InvocationSchema, type Reply, ReplySchema } from "../../src/gen/hono_faasm/v1/invocation_pb.ts"

/** A host of functions that has no more than the function contract asks for. */
export class TestHost {
  readonly #module: WebAssembly.Module
  #input: Uint8Array = new Uint8Array()
  #output: Uint8Array | undefined
  #instance: WebAssembly.Instance | undefined
  /** What the function wrote to stdout (1) and stderr (2). */
  lines: { fd: number; text: string }[] = []
  /** Gives other numbers for every call. */
  seed = 1

  constructor(wasm: Uint8Array) {
    this.#module = new WebAssembly.Module(wasm)
  }

  get imports(): string[] {
    return WebAssembly.Module.imports(this.#module).map(({ module, name }) => `${module}.${name}`)
  }

  get exports(): string[] {
    return WebAssembly.Module.exports(this.#module).map(({ name }) => name)
  }

  /** Runs the function in a fresh instance, or in the one of the last run. */
  run(input: Uint8Array, { fresh = true } = {}): Uint8Array {
    if (fresh || !this.#instance) this.#instance = new WebAssembly.Instance(this.#module, this.#imports())
    this.#input = input
    this.#output = undefined
    ;(this.#instance.exports._start as () => void)()
    if (!this.#output) throw new Error("the function wrote no output")
    return this.#output
  }

  invoke(invocation: MessageInitShape<typeof InvocationSchema>, options?: { fresh?: boolean }): Reply {
    const schemaHash = invocation.schemaHash ?? SCHEMA_HASH
    return fromBinary(
      ReplySchema,
      this.run(toBinary(InvocationSchema, create(InvocationSchema, { ...invocation, schemaHash })), options),
    )
  }

  // biome-ignore lint/suspicious/noExplicitAny: JSON
  invokeJson(invocation: object): any {
    const text = JSON.stringify({ schemaHash: SCHEMA_HASH_TEXT, ...invocation })
    return JSON.parse(new TextDecoder().decode(this.run(new TextEncoder().encode(text))))
  }

  #imports(): WebAssembly.Imports {
    const memory = () => (this.#instance!.exports.memory as WebAssembly.Memory).buffer
    const view = () => new DataView(memory())
    return {
      env: {
        __faasm_read_input: (ptr: number, length: number) => {
          if (length === 0) return this.#input.length
          new Uint8Array(memory()).set(this.#input.subarray(0, length), ptr)
          return Math.min(length, this.#input.length)
        },
        __faasm_write_output: (ptr: number, length: number) => {
          if (new Uint8Array(memory())[ptr + length] !== 0) throw new Error("no NUL after the output")
          this.#output = new Uint8Array(memory(), ptr, length).slice()
        },
      },
      wasi_snapshot_preview1: {
        clock_time_get: (id: number, _precision: bigint, out: number) => {
          const now = id === 0 ? BigInt(Date.now()) * 1_000_000n : process.hrtime.bigint()
          view().setBigUint64(out, now, true)
          return 0
        },
        random_get: (ptr: number, length: number) => {
          new Uint8Array(memory(), ptr, length).fill(this.seed++)
          return 0
        },
        fd_write: (fd: number, iovs: number, count: number, written: number) => {
          let total = 0
          for (let at = 0; at < count; at++) {
            const ptr = view().getUint32(iovs + at * 8, true)
            const length = view().getUint32(iovs + at * 8 + 4, true)
            this.lines.push({ fd, text: new TextDecoder().decode(new Uint8Array(memory(), ptr, length)) })
            total += length
          }
          view().setUint32(written, total, true)
          return 0
        },
        fd_close: () => 8,
        fd_fdstat_get: () => 8,
        fd_seek: () => 8,
      },
    }
  }
}

export const SCHEMA_HASH_TEXT = "0123456789abcdef"
export const SCHEMA_HASH = BigInt(`0x${SCHEMA_HASH_TEXT}`)
