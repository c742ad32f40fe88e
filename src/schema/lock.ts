/**
 * The lock file: field and enum numbers that were given once and are never given again.
 *
 * @module
 */
import { readFileSync } from "node:fs"
import { SchemaError } from "./schema-error.ts"

/** Numbers by message and field, and by enum and value. */
export interface Lock {
  version: 1
  messages: Record<string, LockedMessage>
  enums: Record<string, LockedEnum>
}

/** A message's numbers. */
export interface LockedMessage {
  /** By field name: number and protobuf type, as `3 string`. */
  fields: Record<string, string>
  /** Numbers of fields that are gone, or whose type has changed, with the name they had. */
  reserved?: Record<string, string>
}

/** An enum's numbers. */
export interface LockedEnum {
  /** By value name. */
  values: Record<string, number>
  reserved?: Record<string, string>
}

/** A lock that holds nothing yet. */
export function emptyLock(): Lock {
  return { version: 1, messages: {}, enums: {} }
}

/**
 * Reads a lock file; an empty lock when there is none.
 *
 * @throws {@link SchemaError} `bad_lock`, such as after a merge with conflicts
 */
export function readLock(file: string): Lock {
  let text: string
  try {
    text = readFileSync(file, "utf8")
  } catch {
    return emptyLock()
  }
  let lock: Lock
  try {
    lock = JSON.parse(text)
  } catch (cause) {
    const line = text.split("\n").findIndex((content) => /^(<<<<<<<|=======|>>>>>>>)/.test(content)) + 1
    const why =
      line > 0
        ? `line ${line} has a merge conflict; resolve it so that no number is used twice`
        : (cause as Error).message
    throw new SchemaError("bad_lock", `${file}: ${why}`, { cause })
  }
  if (lock.version !== 1 || typeof lock.messages !== "object" || typeof lock.enums !== "object") {
    throw new SchemaError("bad_lock", `${file}: not a lock file of this version`)
  }
  for (const [name, message] of Object.entries(lock.messages)) refuseTwice(file, name, numbersOf(message))
  return lock
}

/** The lock file's text: one field a line, so that a diff shows what changed. */
export function printLock(lock: Lock): string {
  return `${JSON.stringify(lock, null, 2)}\n`
}

/** Gives a message's fields their numbers, those they had or new ones, and reserves those of fields that are gone. */
export class MessageNumbers {
  readonly #before: LockedMessage
  readonly #used: Set<number>
  readonly #after: LockedMessage = { fields: {} }

  constructor(before: LockedMessage | undefined) {
    this.#before = before ?? { fields: {} }
    this.#used = new Set([
      ...numbersOf(this.#before),
      ...Object.keys(this.#before.reserved ?? {}).map(Number),
    ])
  }

  /** Keeps a number from being given to another field. */
  hold(number: number): void {
    this.#used.add(number)
  }

  /** The number of a field with a type. */
  number(name: string, type: string, fixed?: number): number {
    const [number, lockedType] = split(this.#before.fields[name] ?? "")
    const kept = lockedType === type ? number : undefined
    const result = fixed ?? kept ?? this.#next()
    this.#used.add(result)
    this.#after.fields[name] = `${result} ${type}`
    return result
  }

  /** The message's entry in the new lock. */
  finish(): LockedMessage {
    const reserved: Record<string, string> = { ...this.#before.reserved }
    for (const [name, entry] of Object.entries(this.#before.fields)) {
      const [number] = split(entry)
      if (number !== undefined && !numbersOf(this.#after).includes(number)) reserved[number] = name
    }
    return Object.keys(reserved).length > 0 ? { ...this.#after, reserved } : this.#after
  }

  #next(): number {
    let number = 1
    // 19000 to 19999 belong to protobuf itself.
    while (this.#used.has(number) || (number >= 19_000 && number < 20_000)) number++
    return number
  }
}

/** The numbers of an enum's values, in the order of their names given. */
export function enumNumbers(before: LockedEnum | undefined, names: string[]): LockedEnum {
  const values: Record<string, number> = {}
  const reserved: Record<string, string> = { ...before?.reserved }
  for (const [name, number] of Object.entries(before?.values ?? {})) {
    if (!names.includes(name)) reserved[number] = name
  }
  const used = new Set([0, ...Object.values(before?.values ?? {}), ...Object.keys(reserved).map(Number)])
  for (const name of names) {
    let number = before?.values[name]
    if (number === undefined) for (number = 1; used.has(number); number++);
    used.add(number)
    values[name] = number
  }
  return Object.keys(reserved).length > 0 ? { values, reserved } : { values }
}

function numbersOf({ fields }: LockedMessage): number[] {
  return Object.values(fields).flatMap((entry) => split(entry)[0] ?? [])
}

function split(entry: string): [number | undefined, string] {
  const space = entry.indexOf(" ")
  return space < 0 ? [undefined, ""] : [Number(entry.slice(0, space)), entry.slice(space + 1)]
}

function refuseTwice(file: string, message: string, numbers: number[]): void {
  const twice = numbers.find((number, i) => numbers.indexOf(number) !== i)
  if (twice === undefined) return
  throw new SchemaError(
    "bad_lock",
    `${file}: ${message} has the number ${twice} twice, as after a merge of two branches; give one of the fields the next free number`,
  )
}
