import ts from "typescript"
import type { NumberKind, TypeModel } from "./model.ts"

const KINDS: readonly string[] = ["int32", "uint32", "int64", "uint64", "float"] satisfies NumberKind[]

function isNumberKind(text: string | undefined): text is NumberKind {
  return text !== undefined && KINDS.includes(text)
}

/** What the author says of a property's number: `@type int32` in its doc comment. */
export function taggedNumber(checker: ts.TypeChecker, property: ts.Symbol): NumberKind | undefined {
  const texts = property
    .getJsDocTags(checker)
    .filter(({ name }) => name === "type")
    .map(({ text }) => ts.displayPartsToString(text).replace(/[{}]/g, "").trim())
  return texts.find(isNumberKind)
}

/**
 * What a branded number says, whatever the mark's name is: `number & { readonly brand: "int32" }`, or as zod and valibot
 * write it, `number & { [brand]: { int32: true } }`.
 */
export function brandedNumber(
  checker: ts.TypeChecker,
  marks: readonly ts.Type[],
  at: ts.Node,
): NumberKind | undefined {
  const texts = marks
    .flatMap((mark) => checker.getPropertiesOfType(mark))
    .map((property) => checker.getNonNullableType(checker.getTypeOfSymbolAtLocation(property, at)))
    .flatMap((type) =>
      type.isStringLiteral() ? [type.value] : checker.getPropertiesOfType(type).map(({ name }) => name),
    )
  return texts.find(isNumberKind)
}

/** The type with its numbers, or those in its list or map, of a kind. */
export function withNumbers(type: TypeModel, kind: NumberKind): TypeModel {
  if (type.kind === "double") return { kind }
  if (type.kind === "list") return { kind: "list", element: withNumbers(type.element, kind) }
  if (type.kind === "map") return { kind: "map", value: withNumbers(type.value, kind) }
  return type
}
