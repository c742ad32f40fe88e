import ts from "typescript"
import type { MessageModel, TypeModel } from "./model.ts"

/**
 * Makes what clients may leave out optional, though the handler always gets it: a validator has a default for it.
 *
 * @param made - the messages of this input alone; one that others share stays as it is
 * @param given - what the validator takes
 */
export function makeClientOptional(
  checker: ts.TypeChecker,
  message: MessageModel,
  given: ts.Type,
  made: ReadonlySet<MessageModel>,
  seen = new Set<MessageModel>(),
): void {
  if (!made.has(message) || seen.has(message) || message.shape !== "object") return
  seen.add(message)
  // One of several forms may lack what another has.
  const objects = (given.isUnion() ? given.types : [given]).filter(
    ({ flags }) => (flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection)) !== 0,
  )
  for (const field of message.fields) {
    const properties = objects.map((object) => checker.getPropertyOfType(object, field.property))
    if (properties.some((property) => property && isOptional(checker, property))) field.optional = true
    const nested = messageOf(field.type)
    if (!nested) continue
    for (const property of properties) {
      if (!property) continue
      const type = elementOf(checker, checker.getTypeOfSymbol(property), field.type)
      makeClientOptional(checker, nested, type, made, seen)
    }
  }
}

function isOptional(checker: ts.TypeChecker, property: ts.Symbol): boolean {
  if (property.flags & ts.SymbolFlags.Optional) return true
  const type = checker.getTypeOfSymbol(property)
  // A validator that coerces takes anything, which does not say that it takes nothing.
  return type.isUnion() && type.types.some(({ flags }) => (flags & ts.TypeFlags.Undefined) !== 0)
}

function messageOf(type: TypeModel): MessageModel | undefined {
  if (type.kind === "message") return type.message
  if (type.kind === "list") return messageOf(type.element)
  return type.kind === "map" ? messageOf(type.value) : undefined
}

/** The element of a list or map, where the field is one. */
function elementOf(checker: ts.TypeChecker, given: ts.Type, type: TypeModel): ts.Type {
  const bare = checker.getNonNullableType(given)
  if (type.kind === "list") return checker.getIndexTypeOfType(bare, ts.IndexKind.Number) ?? bare
  if (type.kind === "map") return checker.getIndexTypeOfType(bare, ts.IndexKind.String) ?? bare
  return bare
}
