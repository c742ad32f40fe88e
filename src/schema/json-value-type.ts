/**
 * Which types are those of JSON itself: recursive ones, that have any JSON value.
 *
 * @module
 */
import ts from "typescript"
import type { JsonMessage } from "./model.ts"

/** Types without an end are no JSON. */
const MAX_TYPES = 50

/** All but null, which only what is in an array or object has to have. */
const PARTS = ["string", "number", "true", "false", "ListValue", "Struct"]

/** Tells the types of JSON. */
export class JsonValueTypes {
  readonly #checker: ts.TypeChecker

  constructor(checker: ts.TypeChecker) {
    this.#checker = checker
  }

  /**
   * What stands for a type that has these members beside null and undefined; undefined when it is not any JSON value,
   * object or array.
   *
   * @param isGiven - Hono's types of JSON are written by the author; else they are what Hono knows nothing of
   */
  messageOf(members: readonly ts.Type[], isGiven: boolean): JsonMessage | undefined {
    const absent = ts.TypeFlags.Null | ts.TypeFlags.Undefined
    const rest = members.filter(({ flags }) => (flags & absent) === 0)
    const [first, ...others] = rest
    if (others.length > 0) return this.#isValue(rest, isGiven, new Set()) ? "Value" : undefined
    const part = first && this.#part(first, isGiven, new Set())
    return part === "Struct" || part === "ListValue" ? part : undefined
  }

  #isValue(members: readonly ts.Type[], isGiven: boolean, assumed: Set<ts.Type>): boolean {
    const parts = new Set<string>()
    for (const member of members) {
      const part = this.#part(member, isGiven, assumed)
      if (!part) return false
      parts.add(part)
    }
    return PARTS.every((part) => parts.has(part))
  }

  /**
   * Whether it is any JSON value with null; where it recurs, what has been found so far decides.
   *
   * @param leftOut - what JSON leaves out of an object
   */
  #isElement(type: ts.Type, isGiven: boolean, assumed: Set<ts.Type>, leftOut = 0): boolean {
    if (assumed.has(type)) return true
    if (!type.isUnion() || assumed.size > MAX_TYPES) return false
    assumed.add(type)
    const members = type.types.filter(({ flags }) => (flags & leftOut) === 0)
    return members.some(({ flags }) => flags & ts.TypeFlags.Null) && this.#isValue(members, isGiven, assumed)
  }

  /** What a member of any JSON value is; undefined when it is none. */
  #part(type: ts.Type, isGiven: boolean, assumed: Set<ts.Type>): string | undefined {
    const { flags } = type
    if (flags & ts.TypeFlags.String) return "string"
    if (flags & ts.TypeFlags.Number) return "number"
    if (flags & ts.TypeFlags.BooleanLiteral) return this.#checker.typeToString(type)
    if (flags & ts.TypeFlags.Null) return "null"
    if (this.#checker.isArrayType(type)) {
      const [element] = this.#checker.getTypeArguments(type as ts.TypeReference)
      return this.#isElement(element!, isGiven, assumed) ? "ListValue" : undefined
    }
    return this.#isObject(type, isGiven, assumed) ? "Struct" : undefined
  }

  #isObject(type: ts.Type, isGiven: boolean, assumed: Set<ts.Type>): boolean {
    if (type.isIntersection()) return type.types.every((part) => this.#isObject(part, isGiven, assumed))
    // Any object, with all that JSON leaves out.
    if (isGiven && type.aliasSymbol?.name === "JSONObject" && isOfHono(type.aliasSymbol)) return true
    const values = this.#checker.getIndexInfoOfType(type, ts.IndexKind.String)
    if (!values || this.#checker.getPropertiesOfType(type).length > 0) return false
    return this.#isElement(values.type, isGiven, assumed, ts.TypeFlags.Undefined)
  }
}

function isOfHono({ declarations }: ts.Symbol): boolean {
  return declarations?.some((node) => node.getSourceFile().fileName.includes("/node_modules/hono/")) ?? false
}
