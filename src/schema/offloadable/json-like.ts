import ts from "typescript"

/** How deep a type is looked into; what is deeper is taken as data. */
const maxDepth = 6

/**
 * What in `type` can't leave its process as JSON and come back as it was, or undefined if nothing:
 * a function, an instance of a class. `any` and `unknown` pass.
 */
export function notJson(checker: ts.TypeChecker, type: ts.Type, at: ts.Node): string | undefined {
  const seen = new Set<ts.Type>()
  const inspect = (part: ts.Type, depth: number): string | undefined => {
    if (depth > maxDepth || seen.has(part)) return undefined
    seen.add(part)
    if (part.isUnionOrIntersection())
      return part.types.map((member) => inspect(member, depth)).find((reason) => reason !== undefined)
    if (part.flags & (ts.TypeFlags.BigIntLike | ts.TypeFlags.ESSymbolLike))
      return `a ${checker.typeToString(part)}`
    if (part.flags & ts.TypeFlags.TypeParameter) {
      const constraint = checker.getBaseConstraintOfType(part)
      return constraint && inspect(constraint, depth)
    }
    if (!(part.flags & ts.TypeFlags.Object)) return undefined
    if (part.getCallSignatures().length > 0 || part.getConstructSignatures().length > 0) return "a function"
    if (checker.isArrayType(part) || checker.isTupleType(part))
      return checker
        .getTypeArguments(part as ts.TypeReference)
        .map((element) => inspect(element, depth + 1))
        .find((reason) => reason !== undefined)
    const declaration = part.symbol?.valueDeclaration
    if (
      part.isClass() ||
      (declaration && (ts.isClassLike(declaration) || isGlobalClass(checker, part, declaration)))
    )
      return `an instance of \`${part.symbol.name}\``
    for (const property of part.getProperties()) {
      const name = property.name.startsWith("__@") ? "a symbol" : property.name
      const reason = inspect(checker.getTypeOfSymbolAtLocation(property, at), depth + 1)
      if (reason) return reason === "a function" ? `an object with the method \`${name}\`` : reason
    }
    for (const info of checker.getIndexInfosOfType(part)) {
      const reason = inspect(info.type, depth + 1)
      if (reason) return reason
    }
    return undefined
  }
  return inspect(type, 0)
}

/** `Date`, `Map`, `URL`, ...: an interface and a variable of one name, made with `new`. */
function isGlobalClass(checker: ts.TypeChecker, type: ts.Type, declaration: ts.Declaration): boolean {
  return (
    ts.isVariableDeclaration(declaration) &&
    checker
      .getTypeOfSymbolAtLocation(type.symbol, declaration)
      .getConstructSignatures()
      .some((signature) => signature.getReturnType().symbol === type.symbol)
  )
}
