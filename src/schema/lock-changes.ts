import type { Lock, LockedNumber } from "./lock.ts"

/** What a schema changes in its lock. */
export interface LockChange {
  kind: "added" | "removed" | "retyped"
  /** The message or enum. */
  owner: string
  /** The property or literal; empty when all of the owner is new. */
  key: string
  before?: LockedNumber
  after?: LockedNumber
}

/** Finds what changed from one lock to the next one. */
export function lockChanges(before: Lock, after: Lock): LockChange[] {
  return [
    ...ownerChanges(before.messages, after.messages, ({ fields }) => fields),
    ...ownerChanges(before.enums, after.enums, ({ values }) => values),
  ]
}

/** A line for a person. */
export function describeChange({ kind, owner, key, before, after }: LockChange): string {
  if (key === "") return `${owner} is new`
  const name = `${owner}.${key}`
  const typed = (entry: LockedNumber) => (entry.type === undefined ? "" : ` of type ${entry.type}`)
  if (kind === "added") return `${name} is new: number ${after!.number}${typed(after!)}`
  if (kind === "removed") return `${name} is gone: number ${before!.number} and ${before!.name} are reserved`
  return `${name} was ${before!.type} and is ${after!.type}: number ${after!.number} instead of ${before!.number}`
}

function ownerChanges<T>(
  before: Record<string, T>,
  after: Record<string, T>,
  entriesOf: (owner: T) => Record<string, LockedNumber>,
): LockChange[] {
  return Object.entries(after).flatMap(([owner, now]): LockChange[] => {
    const old = Object.hasOwn(before, owner) ? before[owner] : undefined
    return old ? entryChanges(owner, entriesOf(old), entriesOf(now)) : [{ kind: "added", owner, key: "" }]
  })
}

function entryChanges(
  owner: string,
  before: Record<string, LockedNumber>,
  after: Record<string, LockedNumber>,
): LockChange[] {
  const changes: LockChange[] = []
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [old, now] = [before, after].map((entries) =>
      Object.hasOwn(entries, key) ? entries[key] : undefined,
    )
    if (!old) changes.push({ kind: "added", owner, key, after: now })
    else if (!now) changes.push({ kind: "removed", owner, key, before: old })
    else if (old.number !== now.number) changes.push({ kind: "retyped", owner, key, before: old, after: now })
  }
  return changes
}
