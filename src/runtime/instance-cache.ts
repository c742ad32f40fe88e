import { createSnapshot, Instance } from "./instance.ts"
import type { PreparedFunction } from "./prepared-function.ts"

/** A function that a worker has been given. */
interface Entry {
  name: string
  prepared: PreparedFunction
  /** What its instances are put back to; shared by them. */
  snapshot: Uint8Array | undefined
  /** A clean instance, ready for the next call. */
  ready: Instance | undefined
  /** Bytes of the clean instance's memory. */
  bytes: number
  /** When it was last used, on `performance.now()`. */
  usedAt: number
  /** How long it took to make the clean instance so, in milliseconds. */
  resetMs: number
}

/** A worker's instances: at most a clean one for each function, bounded in memory and idle time. */
export class InstanceCache {
  /** How long an idle instance is kept, in milliseconds. */
  readonly idleMs: number
  readonly #maxBytes: number
  readonly #entries = new Map<number, Entry>()
  #bytes = 0

  constructor(maxBytes: number, idleMs: number) {
    this.#maxBytes = maxBytes
    this.idleMs = idleMs
  }

  load(id: number, name: string, prepared: PreparedFunction): void {
    this.drop(id)
    const none = { snapshot: undefined, ready: undefined, bytes: 0, usedAt: 0, resetMs: 0 }
    this.#entries.set(id, { name, prepared, ...none })
  }

  drop(id: number): void {
    this.#giveUp(this.#entries.get(id))
    this.#entries.delete(id)
  }

  flush(): void {
    for (const entry of this.#entries.values()) this.#giveUp(entry)
  }

  name(id: number): string {
    return this.#entries.get(id)?.name ?? `function ${id}`
  }

  /** A clean instance, made now if none is ready. Throws what its instantiation threw. */
  take(id: number): { instance: Instance; cold: boolean; resetMs: number } {
    const entry = this.#entries.get(id)
    if (!entry) throw new Error("the worker has not been given the function")
    const ready = entry.ready
    entry.ready = undefined
    this.#bytes -= entry.bytes
    entry.bytes = 0
    entry.usedAt = performance.now()
    if (ready) return { instance: ready, cold: false, resetMs: entry.resetMs }
    entry.snapshot ??= createSnapshot(entry.prepared)
    return { instance: new Instance(entry.prepared, entry.snapshot), cold: true, resetMs: 0 }
  }

  /**
   * Makes the next call's instance ready: this one put back, or a fresh one.
   *
   * @param reusable False when the call did not end well: its instance is thrown away.
   */
  putBack(id: number, instance: Instance, reusable: boolean): void {
    const entry = this.#entries.get(id)
    if (!entry) return
    const start = performance.now()
    let ready: Instance | undefined = reusable && instance.restore() ? instance : undefined
    // A start function must not run without a call's deadline.
    if (!ready && !entry.prepared.hasStart) {
      try {
        ready = new Instance(entry.prepared, entry.snapshot)
      } catch {
        // The next call tries again, and tells why.
      }
    }
    if (!ready) return
    entry.ready = ready
    entry.bytes = ready.memory.length
    entry.resetMs = performance.now() - start
    this.#bytes += entry.bytes
    this.#evictTo(this.#maxBytes, entry)
  }

  /** Gives up instances that have been idle for too long. */
  evictIdle(): void {
    const before = performance.now() - this.idleMs
    for (const entry of this.#entries.values()) if (entry.usedAt <= before) this.#giveUp(entry)
  }

  /** Gives up the least recently used instances, but for one, until the rest fits. */
  #evictTo(maxBytes: number, keep: Entry): void {
    if (this.#bytes <= maxBytes) return
    const oldestFirst = [...this.#entries.values()].sort((a, b) => a.usedAt - b.usedAt)
    for (const entry of oldestFirst) {
      if (this.#bytes <= maxBytes) return
      if (entry !== keep) this.#giveUp(entry)
    }
  }

  #giveUp(entry: Entry | undefined): void {
    if (!entry) return
    this.#bytes -= entry.bytes
    entry.ready = undefined
    entry.snapshot = undefined
    entry.bytes = 0
  }
}
