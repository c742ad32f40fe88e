import type { FieldModel, JsonMessage, MessageModel, TypeModel } from "./model.ts"

const NUMBERS: readonly string[] = ["double", "float", "int32", "uint32", "int64", "uint64"]

/** Whether every value of type `b` is one of type `a` too, so that its JSON does not tell which of them it is of. */
export function covers(a: TypeModel, b: TypeModel, assumed = new Set<string>()): boolean {
  if (a.kind === "json") return true
  if (a.kind === "any") return coversAny(a.name, b)
  if (b.kind === "message" && b.message.shape !== "object") {
    const { shape, fields } = b.message
    if (a.kind === "message" && a.message === b.message) return true
    if (shape === "wrapper" && a.kind === "message" && a.message.shape === "wrapper") {
      return coversField(a.message.fields[0]!, fields[0]!, assumed)
    }
    if (shape === "union") return fields.every(({ type }) => covers(a, type, assumed))
    return shape === "tuple" && a.kind === "message" && coversTuple(a.message, b.message, assumed)
  }
  if (a.kind === "message" && a.message.shape === "union") {
    return a.message.fields.some(({ type }) => covers(type, b, assumed))
  }
  switch (a.kind) {
    case "string":
      return b.kind === "string" || b.kind === "enum"
    case "double":
      return NUMBERS.includes(b.kind)
    case "enum":
      return b.kind === "enum" && b.enum.texts.every((text) => a.enum.texts.includes(text))
    case "list":
      return b.kind === "list" && covers(a.element, b.element, assumed)
    case "map":
      return b.kind === "map" && covers(a.value, b.value, assumed)
    case "message":
      return b.kind === "message" && coversObject(a.message, b.message, assumed)
    default:
      return a.kind === b.kind
  }
}

/** Whether every value is one of any JSON value, object or array. */
function coversAny(name: JsonMessage, b: TypeModel): boolean {
  if (name === "Value") return true
  if (b.kind === "any") return b.name === name
  if (b.kind !== "message") return b.kind === (name === "Struct" ? "map" : "list")
  const { shape, fields } = b.message
  if (shape === "union") return fields.every(({ type }) => coversAny(name, type))
  if (shape === "wrapper") return !fields[0]!.nullable && coversAny(name, fields[0]!.type)
  return shape === (name === "Struct" ? "object" : "tuple")
}

function coversObject(a: MessageModel, b: MessageModel, assumed: Set<string>): boolean {
  const pair = `${a.name} ${b.name}`
  if (a === b || assumed.has(pair)) return true
  if (a.shape !== "object") return false
  // Where they recur, what has been found so far decides.
  assumed.add(pair)
  const rest = (message: MessageModel) => message.fields.find((field) => field.rest)
  const named = (message: MessageModel) => message.fields.filter((field) => !field.rest)
  const ofB = new Map(named(b).map((field) => [field.property, field]))
  const ofA = new Map(named(a).map((field) => [field.property, field]))
  const others = rest(a)?.type
  const valueOfOthers = others?.kind === "map" ? others.value : undefined
  return (
    [...ofA.values()].every(({ property, optional }) => optional || ofB.has(property)) &&
    [...ofB.values()].every((field) => {
      const own = ofA.get(field.property)
      return own
        ? coversField(own, field, assumed)
        : valueOfOthers !== undefined && !field.nullable && covers(valueOfOthers, field.type, assumed)
    }) &&
    (!rest(b) || (others !== undefined && covers(others, rest(b)!.type, assumed)))
  )
}

function coversTuple(a: MessageModel, b: MessageModel, assumed: Set<string>): boolean {
  if (a.shape === "wrapper") {
    const { type } = a.fields[0]!
    if (type.kind !== "list") return false
    return b.fields.every((field) => {
      const element =
        field.property === "rest" && field.type.kind === "list" ? field.type.element : field.type
      return !field.nullable && covers(type.element, element, assumed)
    })
  }
  if (a.shape !== "tuple" || a.fields.length < b.fields.length) return false
  return a.fields.every((field, i) => {
    const other = b.fields[i]
    return other
      ? field.property === other.property && coversField(field, other, assumed)
      : field.optional || field.property === "rest"
  })
}

function coversField(a: FieldModel, b: FieldModel, assumed: Set<string>): boolean {
  return (a.optional || !b.optional) && (a.nullable || !b.nullable) && covers(a.type, b.type, assumed)
}
