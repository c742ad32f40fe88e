/**
 * The part of the WebAssembly JavaScript API that this project uses: neither lib.es nor @types/node declares it, and
 * lib.dom would declare a browser around it.
 *
 * @see https://webassembly.github.io/spec/js-api/
 */
declare namespace WebAssembly {
  type ExternalKind = "function" | "global" | "memory" | "table"
  type Imports = Record<string, Record<string, unknown>>
  type Exports = Record<string, unknown>

  class Module {
    constructor(bytes: Uint8Array)
    static imports(module: Module): { module: string; name: string; kind: ExternalKind }[]
    static exports(module: Module): { name: string; kind: ExternalKind }[]
  }

  class Instance {
    constructor(module: Module, imports?: Imports)
    readonly exports: Exports
  }

  class Memory {
    constructor(descriptor: { initial: number; maximum?: number })
    readonly buffer: ArrayBuffer
    grow(pages: number): number
  }

  class Global<T extends number | bigint = number> {
    constructor(descriptor: { value: "i32" | "i64" | "f32" | "f64"; mutable?: boolean }, value: T)
    value: T
  }

  class CompileError extends Error {}
  class LinkError extends Error {}
  class RuntimeError extends Error {}

  function compile(bytes: Uint8Array): Promise<Module>
  function validate(bytes: Uint8Array): boolean
}
