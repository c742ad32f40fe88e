/**
 * The lock file: which number and name each field and enum value has had, so that they keep them.
 *
 * @module
 */
import { existsSync, readFileSync } from "node:fs"
import type { MessageModel } from "./model.ts"
import { SchemaError } from "./schema-error.ts"
import { UniqueNames } from "./words.ts"

/** The lock file's content. */
export interface Lock {
  version: 1
  /** The app's module, relative to the schema's directory; a lock of an earlier version does not say it. */
  app?: string
  /** The types that have a name of their own: file and name in the app, by the name that they were given. */
  types: Record<string, string>
  /** By name within the package, as `GetOrdersOk`. */
  messages: Record<string, LockedMessage>
  /** By name within the package. */
  enums: Record<string, LockedEnum>
}

/** A message's fields. */
interface LockedMessage {
  /** What it stands for, when that is no object. */
  shape?: Exclude<MessageModel["shape"], "object">
  /** By property name. */
  fields: Record<string, LockedNumber>
  /** Companions that tell null, empty and absent apart, by the property's name. */
  presence?: Record<string, LockedNumber>
  reserved?: Reserved[]
}

/** An enum's values. */
interface LockedEnum {
  /** By literal. */
  values: Record<string, LockedNumber>
  reserved?: Reserved[]
}

/** A number that is in use. */
export interface LockedNumber {
  number: number
  name: string
  /** What the wire and JSON show of a field's type. With another one, the field gets another number. */
  type?: string
}

/** A number that was in use. */
export interface Reserved {
  number: number
  name: string
}

/** The lock of an app that has none yet. */
export function emptyLock(): Lock {
  return { version: 1, types: {}, messages: {}, enums: {} }
}

/**
 * Reads a lock file; one that does not exist is empty.
 *
 * @throws {@link SchemaError} `bad_lock`
 */
export function readLock(file: string): Lock {
  if (!existsSync(file)) return emptyLock()
  const text = readFileSync(file, "utf8")
  const fail = (why: string, cause?: unknown) => new SchemaError("bad_lock", `${file}: ${why}`, { cause })
  if (/^(<{7}|>{7}) /m.test(text))
    throw fail("has conflict markers of a git merge; keep both sides' entries, each name once")
  let lock: Lock
  try {
    lock = JSON.parse(text)
  } catch (cause) {
    throw fail(`is not JSON (${(cause as Error).message}); restore it from version control`, cause)
  }
  const twice = duplicateKey(text)
  if (twice) {
    throw new SchemaError(
      "bad_lock",
      `${file}:${twice.line}: ${twice.key} comes twice, as after a merge of two branches; remove the entry that has not ` +
        "been deployed, and generate again",
    )
  }
  if (lock?.version !== 1) throw fail("is of another version of hono-faasm; update hono-faasm")
  const isRecord = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value)
  if (![lock.messages, lock.enums].every(isRecord)) {
    throw fail("lacks a section; restore it from version control")
  }
  if (lock.app !== undefined && typeof lock.app !== "string") throw fail("app is not readable")
  // A lock of an earlier version has none.
  const { types = {} } = lock
  if (!isRecord(types) || !Object.values(types).every((key) => typeof key === "string")) {
    throw fail("types is not readable")
  }
  const owners = [
    ...Object.entries(lock.messages).map(([name, m]) => ({
      name,
      groups: [m?.fields, m?.presence ?? {}],
      of: m,
    })),
    ...Object.entries(lock.enums).map(([name, e]) => ({ name, groups: [e?.values], of: e })),
  ]
  for (const { name, groups: parts, of } of owners) {
    const reserved = of?.reserved ?? []
    if (!parts.every(isRecord) || !Array.isArray(reserved)) throw fail(`${name} is not readable`)
    checkUnique(name, [...parts.flatMap((part) => Object.values(part!)), ...reserved], fail)
  }
  return { ...lock, types }
}

/** The first key that an object of a JSON text has again: JSON.parse would quietly forget what came before. */
function duplicateKey(json: string): { key: string; line: number } | undefined {
  const outer: Set<string>[] = []
  let keys = new Set<string>()
  for (const { 0: token, 1: key, index } of json.matchAll(
    /("(?:[^"\\]|\\.)*")\s*:|"(?:[^"\\]|\\.)*"|[{}]/g,
  )) {
    if (token === "{") {
      outer.push(keys)
      keys = new Set()
    } else if (token === "}") keys = outer.pop() ?? keys
    else if (key !== undefined) {
      if (keys.has(key)) return { key: JSON.parse(key), line: json.slice(0, index).split("\n").length }
      keys.add(key)
    }
  }
  return undefined
}

/** Two branches that each added a field gave both the same number: git merges that without a conflict. */
function checkUnique(owner: string, entries: readonly Reserved[], fail: (why: string) => SchemaError): void {
  const numbers = new Map<number, string>()
  const names = new Set<string>()
  for (const { number, name } of entries) {
    if (!Number.isInteger(number) || number < 1 || typeof name !== "string")
      throw fail(`${owner} is not readable`)
    const other = numbers.get(number)
    if (other !== undefined) {
      throw fail(
        `${owner} has number ${number} twice, for ${other} and ${name}, as after a merge of two branches; remove the ` +
          "entry that has not been deployed, and generate again",
      )
    }
    if (names.has(name)) throw fail(`${owner} has the name ${name} twice; remove one and generate again`)
    numbers.set(number, name)
    names.add(name)
  }
}

/** What a message or enum wants a number for. */
export interface Wanted {
  /** Property or literal. */
  key: string
  /** The name it would have if that were free. */
  name: string
  type?: string
  /** A number to take when it is free. */
  prefer?: number
}

/** What was decided. */
export interface Assigned {
  entries: Map<string, LockedNumber>
  reserved: Reserved[]
}

/**
 * Gives numbers and names: those that are locked stay, what is no longer wanted becomes reserved, and what is new
 * gets numbers that were never used.
 */
export function assign(
  locked: Record<string, LockedNumber>,
  reserved: readonly Reserved[],
  wanted: readonly Wanted[],
  /** Entries beside these that have numbers and names in the same message. */
  others: readonly Reserved[] = [],
): Assigned {
  const entries = new Map<string, LockedNumber>()
  for (const { key, type } of wanted) {
    const old = Object.hasOwn(locked, key) ? locked[key] : undefined
    if (old && old.type === type) entries.set(key, old)
  }
  const gone = Object.entries(locked)
    .filter(([key]) => !entries.has(key))
    .map(([, { number, name }]) => ({ number, name }))
  const allReserved = [...reserved, ...gone].sort((a, b) => a.number - b.number)
  const taken = [...entries.values(), ...allReserved, ...others]
  const names = new UniqueNames(taken.map(({ name }) => name))
  const numbers = new Set(taken.map(({ number }) => number))
  let next = 1
  for (const { key, name, type, prefer } of wanted) {
    if (entries.has(key)) continue
    let number = prefer
    if (number === undefined || numbers.has(number)) {
      // Protobuf keeps some to itself.
      while (numbers.has(next) || (next >= 19_000 && next <= 19_999)) next++
      number = next
    }
    numbers.add(number)
    entries.set(key, { number, name: names.take(name, "_"), ...(type === undefined ? {} : { type }) })
  }
  return { entries, reserved: allReserved }
}

/** The file's text: a line per entry, in an order that does not depend on the source's, so that a diff shows what changed. */
export function printLock(lock: Lock): string {
  const lines = ["{", '  "version": 1,']
  if (lock.app !== undefined) lines.push(`  "app": ${text(lock.app)},`)
  if (hasAny(lock.types)) {
    const types = sorted(lock.types).map(([name, key]) => [`    ${text(name)}: ${text(key)}`])
    lines.push('  "types": {', ...list(types), "  },")
  }
  lines.push('  "messages": {')
  lines.push(
    ...section(sorted(lock.messages), (key, message) => [
      `    ${text(key)}: {`,
      ...list([
        ...(message.shape ? [[`      "shape": ${text(message.shape)}`]] : []),
        block("fields", message.fields),
        ...(hasAny(message.presence) ? [block("presence", message.presence!)] : []),
        ...reservedBlock(message.reserved),
      ]),
      "    }",
    ]),
  )
  lines.push("  },", '  "enums": {')
  lines.push(
    ...section(sorted(lock.enums), (key, { values, reserved }) => [
      `    ${text(key)}: {`,
      ...list([block("values", values), ...reservedBlock(reserved)]),
      "    }",
    ]),
  )
  lines.push("  }", "}")
  return `${lines.join("\n")}\n`
}

const text = (value: unknown): string => JSON.stringify(value)

const hasAny = (record: object | undefined): boolean => record !== undefined && Object.keys(record).length > 0

function sorted<T>(record: Record<string, T>): [string, T][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1))
}

function section<T>(entries: [string, T][], print: (key: string, value: T) => string[]): string[] {
  return list(entries.map(([key, value]) => print(key, value)))
}

/** Joins blocks of lines with commas. */
function list(blocks: string[][]): string[] {
  return blocks.flatMap((block, at) =>
    at === blocks.length - 1 ? block : [...block.slice(0, -1), `${block.at(-1)},`],
  )
}

function block(name: string, entries: Record<string, LockedNumber>): string[] {
  const byNumber = Object.entries(entries).sort(([, a], [, b]) => a.number - b.number)
  if (byNumber.length === 0) return [`      ${text(name)}: {}`]
  return [
    `      ${text(name)}: {`,
    ...list(byNumber.map(([key, entry]) => [`        ${text(key)}: ${inline(entry)}`])),
    "      }",
  ]
}

function reservedBlock(reserved: readonly Reserved[] | undefined): string[][] {
  if (!reserved || reserved.length === 0) return []
  return [['      "reserved": [', ...list(reserved.map((entry) => [`        ${inline(entry)}`])), "      ]"]]
}

function inline({ number, name, type }: LockedNumber): string {
  return `{ "number": ${number}, "name": ${text(name)}${type === undefined ? "" : `, "type": ${text(type)}`} }`
}
