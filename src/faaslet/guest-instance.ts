/**
 * An instance of the engine while a function is built: QuickJS driven from the outside.
 *
 * @module
 */
import { type BuildHost, buildHost } from "./guest-imports.ts"
import { PackError } from "./pack-error.ts"

/** JavaScript stack in bytes. Above it deep recursion would trap instead of throwing a RangeError. */
const MAX_STACK_SIZE = 256 * 1024

const COMPILE_STRIP_SOURCE = 1 << 4

type Exports = Record<string, (...args: (number | bigint)[]) => number> & {
  memory: WebAssembly.Memory
  __stack_pointer: WebAssembly.Global
}

/** The engine with a fresh context. */
export class GuestInstance {
  readonly exports: Exports
  readonly #host: BuildHost

  constructor(module: WebAssembly.Module) {
    this.#host = buildHost(() => this.exports.memory)
    this.exports = new WebAssembly.Instance(module, this.#host.imports).exports as Exports
    this.exports._initialize!()
    if (this.exports.qjs_init!() !== 0) throw new PackError("toolchain", "QuickJS does not initialise")
    this.exports.qjs_set_max_stack_size!(MAX_STACK_SIZE)
  }

  /** What was written to stdout and stderr. */
  get log(): string {
    return this.#host.log
  }

  get memory(): Uint8Array {
    return new Uint8Array(this.exports.memory.buffer)
  }

  /** Memory of the C library; throws a PackError when there is none. */
  allocate(size: number): number {
    const ptr = this.exports.malloc!(size)
    if (ptr === 0) throw new PackError("memory", `no memory for ${size} bytes`)
    return ptr >>> 0
  }

  /** A copy in the instance, with a NUL after it. */
  copyIn(bytes: Uint8Array): number {
    const ptr = this.allocate(bytes.length + 1)
    this.memory.set(bytes, ptr)
    this.memory[ptr + bytes.length] = 0
    return ptr
  }

  /** Compiles a script without running it. Throws a PackError for what does not parse. */
  compile(code: string, filename: string): Uint8Array {
    const source = new TextEncoder().encode(code)
    const text = this.copyIn(source)
    const name = this.copyIn(new TextEncoder().encode(filename))
    const out = this.allocate(4)
    const ptr = this.exports.qjs_compile!(text, source.length, name, 0, COMPILE_STRIP_SOURCE, out) >>> 0
    if (ptr === 0) throw new PackError("bundle", `the bundle does not parse: ${this.#takeException()}`)
    const length = new DataView(this.exports.memory.buffer).getUint32(out, true)
    return this.memory.slice(ptr, ptr + length)
  }

  /** Runs what {@link GuestInstance.compile} made. */
  run(bytecode: Uint8Array): void {
    const ptr = this.copyIn(bytecode)
    const result = this.exports.qjs_eval_bytecode!(ptr, bytecode.length)
    this.exports.free!(ptr)
    this.#check(result, "the bundle throws when it is loaded")
    this.exports.qjs_free_value!(result)
  }

  /** The value of an expression as a string. Throws a PackError, whose message begins with `problem`, when it throws. */
  evaluate(code: string, problem: string): string {
    const source = new TextEncoder().encode(code)
    const text = this.copyIn(source)
    const name = this.copyIn(new TextEncoder().encode("build.js"))
    const result = this.exports.qjs_eval!(text, source.length, name, 0)
    this.exports.free!(text)
    this.exports.free!(name)
    this.#check(result, problem)
    const string = this.#string(result)
    this.exports.qjs_free_value!(result)
    return string
  }

  /** Runs pending promise jobs, boundedly many. */
  runJobs(problem: string): void {
    for (let left = 100_000; left > 0; left--) {
      const ran = this.exports.qjs_execute_pending_job!()
      if (ran === 0) return
      if (ran < 0) throw new PackError("bundle", `${problem}: ${this.#takeException()}`)
    }
    throw new PackError("bundle", `${problem}: promise jobs without end`)
  }

  /** Defines `__native.<name>` for each, which call the glue's host_call. */
  defineNatives(names: string[]): void {
    this.evaluate("globalThis.__native = {}", "defining __native")
    const native = this.#eval("__native")
    for (const name of names) {
      const text = this.copyIn(new TextEncoder().encode(name))
      const fn = this.exports.qjs_new_host_function!(text, name.length, 0)
      this.exports.qjs_set_prop_string!(native, text, fn)
      this.exports.qjs_free_value!(fn)
      this.exports.free!(text)
    }
    this.exports.qjs_free_value!(native)
  }

  #eval(code: string): number {
    const text = this.copyIn(new TextEncoder().encode(code))
    const name = this.copyIn(new Uint8Array())
    const result = this.exports.qjs_eval!(text, code.length, name, 0)
    this.exports.free!(text)
    this.exports.free!(name)
    return result
  }

  #check(value: number, problem: string): void {
    if (value === 0) throw new PackError("memory", `${problem}: no memory left`)
    if (this.exports.qjs_is_exception!(value))
      throw new PackError("bundle", `${problem}: ${this.#takeException()}`)
  }

  #takeException(): string {
    const exception = this.exports.qjs_get_exception!()
    const message = this.#string(exception)
    let stack = ""
    if (this.exports.qjs_is_error!(exception)) {
      const name = this.copyIn(new TextEncoder().encode("stack"))
      const value = this.exports.qjs_get_prop_string!(exception, name)
      stack = `\n${this.#string(value)}`
    }
    return message + stack
  }

  #string(value: number): string {
    const ptr = this.exports.qjs_get_string!(value) >>> 0
    if (ptr === 0) return "(no text)"
    const memory = this.memory
    const text = new TextDecoder().decode(memory.subarray(ptr, memory.indexOf(0, ptr)))
    this.exports.qjs_free_cstring!(ptr)
    return text
  }
}
