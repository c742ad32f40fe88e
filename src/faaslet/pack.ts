/**
 * Packs a bundle and its schema into a function: a WebAssembly module that is already initialised.
 *
 * @module
 */
import { engineModule, type Optimise } from "./engine.ts"
import { GuestInstance } from "./guest-instance.ts"
import { PackError } from "./pack-error.ts"
import { findRandomState } from "./random-state.ts"
import { scrubHeap } from "./scrub-heap.ts"
import { snapshot } from "./snapshot.ts"
import { layOutTables, type TableRoute, tablesSize } from "./tables.ts"

/** What a function is made of. */
export interface PackOptions {
  /** JavaScript (a script, not a module) that sets `globalThis.__honoFaasm`; see guest/assembly/host-functions.ts. */
  bundle: string
  /** The app's schema. */
  schema: {
    /** Binary `google.protobuf.FileDescriptorSet` with everything that it imports. */
    fileSet: Uint8Array
    /** 16 hex digits, not all zero. */
    hash: string
    /** The routes that the function holds. */
    routes: TableRoute[]
  }
  /** `dev` builds the engine quickly, `upload` makes it run quickly. Both are built once and kept. */
  optimise: Optimise
  /** Memory of the function in bytes. Default 24 MiB. */
  memory?: number
  /** The function's name, for messages and stack traces. */
  name: string
  /** Where compiled parts that do not depend on the app are kept between runs. Default: nowhere but this process. */
  cacheDir?: string
}

/** A function. */
export interface PackedFaaslet {
  /** The module: exports `_start` and `memory`. */
  wasm: Uint8Array
  /** The app's routes as the guest found them, to be compared with those of the schema. */
  appRoutes: { method: string; path: string }[]
  /** What the app wrote to its console while it was initialised. */
  log: string
}

const DEFAULT_MEMORY = 24 * 1024 * 1024
const MIN_MEMORY = 8 * 1024 * 1024
const MAX_MEMORY = 1024 * 1024 * 1024

/** Kept free of JavaScript, for inputs and outputs. */
const RESERVE = 2 * 1024 * 1024

/**
 * How long the bundle may take to initialise, by the build's clock: the engine reads it every 10,000 branches or calls,
 * and each read is a microsecond. Between seconds and half a minute in fact.
 */
const MAX_BUILD_MS = 30

const NATIVES = ["utf8Encode", "utf8Decode", "log", "randomBytes", "now"]

/**
 * Packs a function. The same options always give the same bytes.
 *
 * Throws a PackError: the bundle throws, the schema can't be served, memory is too small, the toolchain is broken.
 */
export async function packFaaslet(options: PackOptions): Promise<PackedFaaslet> {
  const memory = options.memory ?? DEFAULT_MEMORY
  if (!(memory >= MIN_MEMORY && memory <= MAX_MEMORY)) {
    throw new PackError(
      "memory",
      `memory must be between ${MIN_MEMORY} and ${MAX_MEMORY} bytes, not ${memory}`,
    )
  }
  const engine = await engineModule(options.optimise, options.cacheDir)
  const module = await compileOnce(engine)
  // Compiled elsewhere, so that the compiler leaves nothing in the snapshot.
  const bytecode = new GuestInstance(module).compile(options.bundle, `${options.name}.js`)
  const guest = startGuest(module, options.schema, memory)
  loadBytecode(guest, bytecode)
  const appRoutes = JSON.parse(guest.evaluate("JSON.stringify(__honoFaasm.routes())", "__honoFaasm.routes"))
  if (!guest.exports.attachApp!()) throw new PackError("bundle", "the bundle sets no __honoFaasm.invoke")
  guest.evaluate("void __honoFaasm.warmUp?.()", "warming up")
  guest.runJobs("warming up")
  guest.exports.stopDeadline!()
  guest.exports.qjs_run_gc!()
  scrubHeap(guest)
  // What calls left below the stack pointer is dead.
  guest.memory.fill(0, 0, guest.exports.__stack_pointer.value)
  return { wasm: snapshot(engine, guest.exports), appRoutes, log: guest.log }
}

/** Starts the engine, with the glue and the schema in place. */
export function startGuest(
  module: WebAssembly.Module,
  schema: PackOptions["schema"],
  memory = DEFAULT_MEMORY,
): GuestInstance {
  const guest = new GuestInstance(module)
  growHeap(guest, memory)
  setLimits(guest, memory)
  initialiseGlue(guest, schema)
  guest.defineNatives(NATIVES)
  return guest
}

/** Runs the bundle, which loads the app. */
export function loadBytecode(guest: GuestInstance, bytecode: Uint8Array): void {
  guest.exports.startDeadline!(MAX_BUILD_MS)
  guest.run(bytecode)
  guest.runJobs("the bundle throws when it is loaded")
}

const compiled = new WeakMap<Uint8Array, Promise<WebAssembly.Module>>()

function compileOnce(wasm: Uint8Array): Promise<WebAssembly.Module> {
  let module = compiled.get(wasm)
  if (!module) {
    module = WebAssembly.compile(wasm)
    compiled.set(wasm, module)
  }
  return module
}

// A function's memory does not grow, so the C library must own all of it beforehand.
function growHeap(guest: GuestInstance, memory: number): void {
  const wanted = memory - guest.memory.length - 2 * 65536
  guest.exports.free!(guest.allocate(wanted))
}

function initialiseGlue(guest: GuestInstance, schema: PackOptions["schema"]): void {
  const random = findRandomState(guest)
  const size = tablesSize(schema.fileSet, schema.hash, schema.routes)
  // Aligned by malloc to 8 bytes at least, as the tables want it.
  const base = guest.allocate(size)
  guest.memory.set(layOutTables(base, schema.fileSet, schema.hash, schema.routes), base)
  const code = guest.exports.initialise!(base, random)
  if (code === 100) throw new PackError("memory", "no memory for the glue's own buffers")
  if (code !== 0)
    throw new PackError("toolchain", `QuickJS is not the one that the glue was written for (${code})`)
}

function setLimits(guest: GuestInstance, memory: number): void {
  const total = guest.memory.length - guest.exports.__stack_pointer.value
  guest.exports.qjs_set_memory_limit!(total - RESERVE)
  // Most calls end before a collection pays off.
  guest.exports.qjs_set_gc_threshold!(Math.floor(memory / 2))
  guest.exports.qjs_set_interrupt_handler!(1)
}
