import { restoreCards } from "./card-table.ts"
import { type HostCall, HostInterface } from "./host-interface.ts"
import { GROW_FAILED_EXPORT, type PreparedFunction, RESET_EXPORT } from "./prepared-function.ts"

/** An instance of a function's module, in a worker thread. Serves one call at a time. */
export class Instance {
  readonly #host: HostInterface
  readonly #start: () => void
  readonly #reset: (() => void) | undefined
  readonly #growFailed: WebAssembly.Global | undefined
  readonly #base: number
  readonly #snapshot: Uint8Array | undefined

  /**
   * @param snapshot The memory to put back; from {@link createSnapshot}. Absent when it can't be.
   * @throws What the module's instantiation threw.
   */
  constructor(prepared: PreparedFunction, snapshot: Uint8Array | undefined) {
    this.#base = prepared.reset?.base ?? 0
    this.#snapshot = snapshot
    this.#host = new HostInterface(this.#base, snapshot !== undefined)
    const { exports } = new WebAssembly.Instance(prepared.module, this.#host.imports())
    this.#host.bind(exports.memory as WebAssembly.Memory)
    this.#start = exports._start as () => void
    this.#reset = exports[RESET_EXPORT] as (() => void) | undefined
    this.#growFailed = exports[GROW_FAILED_EXPORT] as WebAssembly.Global | undefined
  }

  /** The guest has asked for more memory in this call than it may have. */
  get outOfMemory(): boolean {
    return this.#growFailed?.value === 1
  }

  /** The guest's memory. */
  get memory(): Uint8Array {
    return this.#host.view.subarray(this.#base)
  }

  /** Runs the function once. Throws what the guest threw; the instance is then of no more use. */
  run(call: HostCall): void {
    this.#host.call = call
    try {
      this.#start()
    } finally {
      this.#host.call = undefined
    }
  }

  /**
   * Puts everything back that a call may have changed.
   *
   * @returns False when that can't be done: the instance has to be thrown away.
   */
  restore(): boolean {
    const snapshot = this.#snapshot
    const memory = this.#host.view
    // A memory does not shrink.
    if (!snapshot || !this.#reset || memory.length !== this.#base + snapshot.length) return false
    restoreCards(memory, this.#base, snapshot)
    this.#reset()
    return true
  }
}

/** The memory of a function that {@link Instance.restore} puts back; its instances can share it. */
export function createSnapshot(prepared: PreparedFunction): Uint8Array | undefined {
  if (!prepared.reset) return undefined
  const snapshot = new Uint8Array(prepared.reset.memoryBytes)
  for (const { offset, bytes } of prepared.reset.segments) snapshot.set(bytes, offset)
  return snapshot
}
