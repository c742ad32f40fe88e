/**
 * What JSON.stringify makes of a value's type.
 *
 * @module
 */
import ts from "typescript"

/** A `toJSON` may give something with a `toJSON` of its own, but JSON.stringify calls one only. */
export function jsonTypes(checker: ts.TypeChecker, type: ts.Type, at: ts.Node): ts.Type[] {
  const toJson = checker.getPropertyOfType(type, "toJSON")
  const [signature] = toJson
    ? checker.getSignaturesOfType(checker.getTypeOfSymbolAtLocation(toJson, at), ts.SignatureKind.Call)
    : []
  if (signature) {
    const json = signature.getReturnType()
    return json.isUnion() ? json.types : [json]
  }
  return isAbsent(checker, type) ? [] : [type]
}

/** Whether JSON leaves the property out whatever its value is: a method, say. */
export function isLeftOut(checker: ts.TypeChecker, type: ts.Type, at: ts.Node): boolean {
  const members = type.isUnion() ? type.types : [type]
  return members.every(
    (member) => (member.flags & ts.TypeFlags.Undefined) !== 0 || jsonTypes(checker, member, at).length === 0,
  )
}

function isAbsent(checker: ts.TypeChecker, type: ts.Type): boolean {
  if (type.flags & ts.TypeFlags.ESSymbolLike) return true
  return checker.getSignaturesOfType(type, ts.SignatureKind.Call).length > 0
}
