/**
 * What the members of a union are told apart by.
 *
 * @module
 */
import ts from "typescript"
import type { MessageModel, TypeModel } from "./model.ts"

/** The property that has another text in each of these objects; undefined when there is none. */
export function discriminantOf(
  checker: ts.TypeChecker,
  objects: readonly ts.Type[],
  at: ts.Node,
): string | undefined {
  const [first] = objects
  if (!first || objects.length < 2) return undefined
  return checker.getPropertiesOfType(first).find(({ name }) => {
    const texts = objects.map((object) => literalOf(checker, object, name, at))
    return texts.every((text) => text !== undefined) && new Set(texts).size === texts.length
  })?.name
}

/** The text that a property always has; of several, the first. */
export function literalOf(
  checker: ts.TypeChecker,
  object: ts.Type,
  name: string,
  at: ts.Node,
): string | undefined {
  const property = checker.getPropertyOfType(object, name)
  if (!property || property.flags & ts.SymbolFlags.Optional) return undefined
  const type = checker.getTypeOfSymbolAtLocation(property, at)
  const [first, ...rest] = type.isUnion() ? type.types : [type]
  return first!.isStringLiteral() && rest.every((member) => member.isStringLiteral())
    ? first!.value
    : undefined
}

/** The properties that an object always has; none for arrays. */
export function requiredProperties(checker: ts.TypeChecker, type: ts.Type): string[] {
  if (checker.isArrayType(type) || checker.isTupleType(type)) return []
  return checker
    .getPropertiesOfType(type)
    .filter(({ flags }) => (flags & ts.SymbolFlags.Optional) === 0)
    .map(({ name }) => name)
}

/** Whether a value of the type may have a Date or a bigint in it. Which member such a value is of, its JSON doesn't tell. */
export function reachesDate(type: TypeModel, seen = new Set<MessageModel>()): boolean {
  switch (type.kind) {
    case "date":
    case "bigint":
      return true
    case "list":
      return reachesDate(type.element, seen)
    case "map":
      return reachesDate(type.value, seen)
    case "message":
      if (seen.has(type.message)) return false
      seen.add(type.message)
      return type.message.fields.some((field) => reachesDate(field.type, seen))
    default:
      return false
  }
}
