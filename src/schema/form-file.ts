import ts from "typescript"
import type { TypeModel } from "./model.ts"

/** What a field of a form is that takes a file, or several; undefined for any other. */
export function fileOf(
  checker: ts.TypeChecker,
  type: ts.Type,
): { type: TypeModel; optional: boolean; nullable: boolean } | undefined {
  const members = type.isUnion() ? type.types : [type]
  const given = members.filter(({ flags }) => (flags & ts.TypeFlags.Undefined) === 0)
  const areFiles = (member: ts.Type) =>
    checker.isArrayType(member) && checker.getTypeArguments(member as ts.TypeReference).every(isFile)
  if (given.length === 0 || !given.every((member) => isFile(member) || areFiles(member))) return undefined
  const file: TypeModel = { kind: "file" }
  // One or several: what a form gives for a name that it may have more than once.
  const model: TypeModel = given.some(areFiles) ? { kind: "list", element: file } : file
  return { type: model, optional: given.length < members.length, nullable: false }
}

/** Whether it is the platform's File or Blob. */
function isFile({ symbol }: ts.Type): boolean {
  const isPlatform = symbol?.declarations?.every((node) => node.getSourceFile().isDeclarationFile) ?? false
  return isPlatform && (symbol.name === "File" || symbol.name === "Blob")
}
