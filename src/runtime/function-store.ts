import { prepareFunction } from "./prepare-function.ts"
import type { PreparedFunction } from "./prepared-function.ts"
import { RuntimeError } from "./runtime-error.ts"

/** What the store accepts. */
export interface FunctionStoreLimits {
  /** The most functions. */
  maxFunctions: number
  /** The largest function, in bytes. */
  maxFunctionBytes: number
  /** All functions together, in bytes. */
  maxTotalBytes: number
  /** The most memory that a function may have, in bytes. */
  maxMemoryBytes: number
}

/** An uploaded function. */
export interface StoredFunction {
  /** Differs between two uploads of the same name. */
  readonly id: number
  /** `user/function`. */
  readonly name: string
  /** The bytes as they were uploaded. */
  readonly bytes: Uint8Array
  readonly prepared: PreparedFunction
}

/** Names as they can stand in a URL's path: letters, digits, `_`, `-`, `.`; no `.` at the front. */
const NAME = /^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}$/

/** The functions that have been uploaded, by user and name. */
export class FunctionStore {
  readonly #limits: FunctionStoreLimits
  readonly #functions = new Map<string, StoredFunction>()
  readonly #replaced: (old: StoredFunction) => void
  #lastId = 0
  #totalBytes = 0

  /** @param replaced Told when a function has been replaced by a newer upload. */
  constructor(limits: FunctionStoreLimits, replaced: (old: StoredFunction) => void) {
    this.#limits = limits
    this.#replaced = replaced
  }

  get(user: string, name: string): StoredFunction | undefined {
    return this.#functions.get(`${user}/${name}`)
  }

  /**
   * Checks a function and makes it ready to be called, in place of one of the same name.
   *
   * @throws RuntimeError `invalid-function` or `limit`; a function of that name then stays as it was.
   */
  async put(user: string, name: string, bytes: Uint8Array): Promise<StoredFunction> {
    if (!NAME.test(user) || !NAME.test(name))
      throw new RuntimeError("invalid-function", `${user}/${name} is not a name that a function can have`)
    const fullName = `${user}/${name}`
    if (bytes.length > this.#limits.maxFunctionBytes)
      throw new RuntimeError(
        "limit",
        `${fullName} has ${bytes.length} bytes; a function may have ${this.#limits.maxFunctionBytes}`,
      )
    this.#checkRoom(fullName, bytes.length)
    const prepared = await prepareFunction(bytes, this.#limits.maxMemoryBytes).catch((error: Error) => {
      throw new RuntimeError("invalid-function", `${fullName} is not a Faasm function: ${error.message}`, {
        cause: error,
      })
    })
    this.#checkRoom(fullName, bytes.length)
    const old = this.#functions.get(fullName)
    this.#totalBytes += bytes.length - (old?.bytes.length ?? 0)
    const stored = { id: ++this.#lastId, name: fullName, bytes, prepared }
    this.#functions.set(fullName, stored)
    if (old) this.#replaced(old)
    return stored
  }

  #checkRoom(fullName: string, bytes: number): void {
    const old = this.#functions.get(fullName)
    if (!old && this.#functions.size >= this.#limits.maxFunctions)
      throw new RuntimeError(
        "limit",
        `there is no room for ${fullName}: ${this.#functions.size} functions are uploaded`,
      )
    if (this.#totalBytes + bytes - (old?.bytes.length ?? 0) > this.#limits.maxTotalBytes)
      throw new RuntimeError(
        "limit",
        `there is no room for ${fullName}: ${this.#totalBytes} bytes are uploaded`,
      )
  }
}
