import ts from "typescript"

/** A type, or a part of one, that has no mapping. */
export class UnmappedType extends Error {
  override readonly name = "UnmappedType"
  /** As TypeScript writes it. */
  readonly type: string
  /** What its author can do. */
  readonly hint: string
  /** `any_type` when the type says nothing of its values. */
  readonly code: "any_type" | "unmapped_type"

  constructor(type: string, hint: string, code: UnmappedType["code"] = "unmapped_type") {
    super(`no mapping for ${type}`)
    this.type = type
    this.hint = hint
    this.code = code
  }
}

/** What the author of a type that says nothing can do. */
export const ANY_HINT = "declare the value's type"

/** What the author of a type that has no mapping can write instead. */
export function hintFor(checker: ts.TypeChecker, type: ts.Type): string {
  const { flags } = type
  if (flags & ts.TypeFlags.BigIntLike) return "JSON has no bigint: make it a string or a number"
  if (flags & ts.TypeFlags.ESSymbolLike) return "JSON has no symbols: leave it out"
  if (flags & ts.TypeFlags.Never) {
    return "Hono finds no JSON for it, as for a bigint, a symbol or `object`: give the value a type of its own"
  }
  if (flags & ts.TypeFlags.TypeParameter) return "give the type parameter a type"
  if (checker.getSignaturesOfType(type, ts.SignatureKind.Call).length > 0)
    return "JSON has no functions: leave it out"
  switch (type.symbol?.name) {
    case "Map":
    case "Set":
    case "ReadonlyMap":
    case "ReadonlySet":
      return "JSON makes {} of it: make it an object or an array first"
    case "File":
    case "Blob":
    case "ArrayBuffer":
    case "Uint8Array":
    case "ReadableStream":
      return "bytes are no JSON: take them as a file of a form; answer them as the body itself, or as base64 in a string"
    default:
      return "declare an interface with the properties that the value has"
  }
}
