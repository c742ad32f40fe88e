import ts from "typescript"
import type { TypeModel } from "./model.ts"

/** What a field of a form is that takes a file, or several; undefined for any other. */
export function fileOf(
  checker: ts.TypeChecker,
  type: ts.Type,
): { type: TypeModel; optional: boolean; nullable: boolean } | undefined {
  const members = type.isUnion() ? type.types : [type]
  const given = members.filter(({ flags }) => (flags & ts.TypeFlags.Undefined) === 0)
  const [first, ...others] = given
  if (!first) return undefined
  const optional = given.length < members.length
  if (given.every(isFile)) return { type: { kind: "file" }, optional, nullable: false }
  if (others.length > 0 || !checker.isArrayType(first)) return undefined
  const [element] = checker.getTypeArguments(first as ts.TypeReference)
  if (!element || !isFile(element)) return undefined
  return { type: { kind: "list", element: { kind: "file" } }, optional, nullable: false }
}

/** Whether it is the platform's File or Blob. */
function isFile({ symbol }: ts.Type): boolean {
  const isPlatform = symbol?.declarations?.every((node) => node.getSourceFile().isDeclarationFile) ?? false
  return isPlatform && (symbol.name === "File" || symbol.name === "Blob")
}
