/**
 * Random object types as TypeScript source, and random edits of them.
 *
 * @module
 */

/** Uniform in [0, 1). */
export type Random = () => number

/** A seeded generator (mulberry32), so that a failure can be repeated. */
export function seeded(seed: number): Random {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

type Node =
  | { kind: "primitive"; text: string }
  | { kind: "literals"; texts: string[] }
  | { kind: "list" | "record" | "nullable"; inner: Node }
  | { kind: "union" | "tuple"; members: Node[] }
  | ObjectNode

interface Property {
  name: string
  optional: boolean
  type: Node
}

/** An object type. */
export interface ObjectNode {
  kind: "object"
  /** The type of all other properties. */
  others?: Node
  properties: Property[]
}

const NAMES = [
  "id",
  "name",
  "size",
  "state",
  "lines",
  "total",
  "note",
  "tags",
  "owner",
  "at",
  "kind",
  "value",
]
const PRIMITIVES = ["string", "number", "boolean", "true", "1 | 2", "Lowercase<string>"]
const LITERALS = ["new", "open", "paid", "sent", "gone", "On-Hold", "on hold"]

/** A random object type. */
export function randomObject(random: Random, depth = 0): ObjectNode {
  const properties: Property[] = []
  for (let i = pick(random, [0, 1, 2, 3, 4]); i > 0; i--) addProperty(properties, random, depth)
  return { kind: "object", properties }
}

/** Changes something in a type, anywhere. */
export function edit(object: ObjectNode, random: Random): void {
  const node = pick(random, nodesOf(object))
  switch (node.kind) {
    case "object":
      editObject(node, random)
      return
    case "literals": {
      const other = pick(random, LITERALS)
      const at = node.texts.indexOf(other)
      if (at < 0) node.texts.push(other)
      else if (node.texts.length > 1) node.texts.splice(at, 1)
      return
    }
    case "union":
      node.members.push({ kind: "primitive", text: pick(random, PRIMITIVES) })
      return
    case "tuple":
      if (random() < 0.5) node.members.pop()
      else node.members.splice(Math.floor(random() * 2), 0, randomType(random, 2))
      return
    case "primitive":
      node.text = pick(random, PRIMITIVES)
      return
    default:
      node.inner = randomType(random, 2)
  }
}

/** The type as TypeScript. */
export function sourceOf(node: Node): string {
  switch (node.kind) {
    case "primitive":
      return `(${node.text})`
    case "literals":
      return `(${node.texts.map((text) => JSON.stringify(text)).join(" | ")})`
    case "list":
      return `${sourceOf(node.inner)}[]`
    case "record":
      return `Record<string, ${sourceOf(node.inner)}>`
    case "nullable":
      return `(${sourceOf(node.inner)} | null)`
    case "union":
      return `(${node.members.map(sourceOf).join(" | ")})`
    case "tuple":
      return `[${node.members.map(sourceOf).join(", ")}]`
    case "object": {
      // All named properties have to be of the others' type as well.
      const types = node.properties.map(
        ({ optional, type }) => sourceOf(type) + (optional ? " | undefined" : ""),
      )
      const others = node.others ? `[key: string]: ${[sourceOf(node.others), ...types].join(" | ")}; ` : ""
      return `{ ${others}${node.properties.map(({ name, optional, type }) => `${name}${optional ? "?" : ""}: ${sourceOf(type)}`).join("; ")} }`
    }
  }
}

/** Whether a type is the other one, or that with more literals, or null as well. */
export function isWider(type: Node, than: Node): boolean {
  if (type.kind === "nullable" && than.kind !== "nullable") return isWider(type.inner, than)
  if (type.kind === "literals" && than.kind === "literals") {
    return than.texts.every((text) => type.texts.includes(text))
  }
  return sourceOf(type) === sourceOf(than)
}

function editObject(object: ObjectNode, random: Random): void {
  const { properties } = object
  const at = Math.floor(random() * properties.length)
  const property = properties[at]
  const edits = [
    () => addProperty(properties, random, 1),
    () => properties.splice(at, 1),
    () => properties.reverse(),
    () => {
      const name = pick(random, NAMES)
      if (property && !properties.some((other) => other.name === name)) property.name = name
    },
    () => {
      if (property) property.optional = !property.optional
    },
    () => {
      if (property) property.type = randomType(random, 1)
    },
    () => {
      if (property) property.type = { kind: "nullable", inner: property.type }
    },
    () => {
      if (object.others) delete object.others
      else object.others = randomType(random, 2)
    },
  ]
  pick(random, edits)()
}

function addProperty(properties: Property[], random: Random, depth: number): void {
  const name = pick(random, NAMES)
  if (properties.some((other) => other.name === name)) return
  properties.push({ name, optional: random() < 0.3, type: randomType(random, depth) })
}

function randomType(random: Random, depth: number): Node {
  const kinds = ["primitive", "literals", "nullable", "union"] as const
  const deep = ["object", "object", "list", "list", "record", "tuple"] as const
  const kind = pick(random, depth < 3 ? [...kinds, ...deep] : kinds)
  const inner = () => randomType(random, depth + 1)
  switch (kind) {
    case "primitive":
      return { kind, text: pick(random, PRIMITIVES) }
    case "literals":
      return { kind, texts: [...new Set([pick(random, LITERALS), pick(random, LITERALS)])] }
    case "union":
    case "tuple":
      return { kind, members: [inner(), inner()] }
    case "object":
      return randomObject(random, depth + 1)
    default:
      return { kind, inner: inner() }
  }
}

function nodesOf(node: Node): Node[] {
  switch (node.kind) {
    case "object":
      return [
        node,
        node,
        ...node.properties.flatMap(({ type }) => nodesOf(type)),
        ...(node.others ? nodesOf(node.others) : []),
      ]
    case "union":
    case "tuple":
      return [node, ...node.members.flatMap(nodesOf)]
    case "primitive":
    case "literals":
      return [node]
    default:
      return [node, ...nodesOf(node.inner)]
  }
}

function pick<T>(random: Random, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)]!
}
