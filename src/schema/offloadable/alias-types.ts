import ts from "typescript"

/** Types of the language that hold values of their type arguments. */
const containers: ReadonlySet<string> = new Set(
  "Array ReadonlyArray Map ReadonlyMap Set ReadonlySet Promise Iterable IterableIterator".split(" "),
)

/**
 * Whether a function of which only the types are known may give back, as a value of the type `result`, a
 * value of the type `source` or something that it holds.
 */
export function mayAlias(checker: ts.TypeChecker, result: ts.Type, source: ts.Type): boolean {
  const results = partsOf(checker, result)
  if (
    results.some(
      (part) => part.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown | ts.TypeFlags.TypeParameter),
    )
  )
    return true
  const sources = new Set(partsOf(checker, source).flatMap((part) => [part, ...held(checker, part)]))
  return results.some((part) => sources.has(part))
}

/** The types that a value of `type` may have, with promises resolved. */
function partsOf(checker: ts.TypeChecker, type: ts.Type): ts.Type[] {
  const settled = checker.getAwaitedType(type) ?? type
  return (settled.isUnion() ? settled.types : [settled]).filter(
    (part) => !(part.flags & (ts.TypeFlags.Null | ts.TypeFlags.Undefined)),
  )
}

/** The types of what a value of `type` holds. */
function held(checker: ts.TypeChecker, type: ts.Type): ts.Type[] {
  if (!(type.flags & ts.TypeFlags.Object)) return []
  const elements =
    checker.isTupleType(type) || containers.has(type.symbol?.name ?? "")
      ? checker.getTypeArguments(type as ts.TypeReference)
      : [
          // What begins with `_` or `~` is there for the types alone.
          ...type
            .getProperties()
            .filter((property) => !/^[_~]/.test(property.name))
            .map((property) => checker.getTypeOfSymbol(property)),
          ...checker.getIndexInfosOfType(type).map((info) => info.type),
        ]
  return elements.flatMap((element) => partsOf(checker, element))
}
