import type { GeneratorValue } from "fast-check"
import fc from "fast-check"
import ts from "typescript"

/** How deep optional parts go: a recursive type has values without end. */
const MAX_DEPTH = 4

const KINDS: Record<string, fc.Arbitrary<number>> = {
  int32: fc.integer(),
  uint32: fc.nat({ max: 2 ** 32 - 1 }),
  int64: fc.maxSafeInteger(),
  uint64: fc.maxSafeNat(),
  float: fc.float({ noNaN: true, noDefaultInfinity: true }),
}

/**
 * Random values of a TypeScript type, as the checker has it: what a handler may give to `c.json()`, or a validator to
 * the handler. Knows nothing of schemas.
 */
export class RandomValues {
  readonly #checker: ts.TypeChecker
  readonly #at: ts.Node

  constructor(checker: ts.TypeChecker, at: ts.Node) {
    this.#checker = checker
    this.#at = at
  }

  of(type: ts.Type): fc.Arbitrary<unknown> {
    return fc.gen().map((random) => this.#value(type, random, 0))
  }

  #value(type: ts.Type, random: GeneratorValue, depth: number): unknown {
    const { flags } = type
    if (type.isUnion()) {
      const absent = ts.TypeFlags.Null | ts.TypeFlags.Undefined
      const few = depth > MAX_DEPTH ? type.types.filter((member) => member.flags & absent) : []
      const members = few.length > 0 ? few : type.types
      // By index: fast-check compares what it is given, and types are large.
      return this.#value(members[random(fc.nat, { max: members.length - 1 })]!, random, depth)
    }
    if (type.isStringLiteral() || type.isNumberLiteral()) return type.value
    if (flags & ts.TypeFlags.BooleanLiteral) return this.#checker.typeToString(type) === "true"
    if (flags & ts.TypeFlags.Null) return null
    if (flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Void)) return undefined
    if (flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) return random(fc.jsonValue, { maxDepth: 2 })
    if (flags & ts.TypeFlags.TemplateLiteral) return this.#template(type as ts.TemplateLiteralType, random)
    if (flags & ts.TypeFlags.StringLike) return random(fc.string, { unit: "grapheme" })
    if (flags & ts.TypeFlags.NumberLike) return random(plainNumber)
    if (flags & ts.TypeFlags.BigIntLike) return random(fc.bigInt)
    if (type.isIntersection()) {
      const primitive = type.types.find(
        (member) => member.flags & (ts.TypeFlags.String | ts.TypeFlags.Number),
      )
      if (primitive) {
        const marks = type.types.flatMap((member) => (member === primitive ? [] : this.#marks(member)))
        const kind = marks.find((mark) => Object.hasOwn(KINDS, mark))
        return kind ? random(() => KINDS[kind]!) : this.#value(primitive, random, depth)
      }
    }
    return this.#object(type, random, depth)
  }

  #object(type: ts.Type, random: GeneratorValue, depth: number): unknown {
    const name = type.symbol?.name
    if (name === "Date") return random(fc.date, { noInvalidDate: true })
    if (/^(?:File|Blob)$/.test(name) && type.symbol.declarations?.[0]?.getSourceFile().isDeclarationFile) {
      return new File([], "")
    }
    if (name === "Set") return new Set()
    if (name === "Map") return new Map()
    if (this.#checker.getSignaturesOfType(type, ts.SignatureKind.Call).length > 0) return () => {}
    const some = (most: number) => (depth > MAX_DEPTH ? 0 : random(fc.nat, { max: most }))
    if (this.#checker.isTupleType(type)) return this.#tuple(type as ts.TypeReference, random, depth, some)
    if (this.#checker.isArrayType(type)) {
      const [element] = this.#checker.getTypeArguments(type as ts.TypeReference)
      return Array.from({ length: some(3) }, () => this.#value(element!, random, depth + 1))
    }
    // What a class has beside its instances' own properties.
    const prototype: object = {}
    const object: Record<string, unknown> = {}
    for (const info of this.#checker.getIndexInfosOfType(type)) {
      for (let i = some(2); i > 0; i--) {
        const key = info.keyType.flags & ts.TypeFlags.Number ? String(random(fc.nat)) : random(fc.string)
        if (key !== "__proto__") object[key] = this.#value(info.type, random, depth + 1)
      }
    }
    for (const property of this.#checker.getPropertiesOfType(type)) {
      if (/^__[@#]/.test(property.escapedName as string)) continue
      const isOptional = (property.flags & ts.SymbolFlags.Optional) !== 0
      if (isOptional && (depth > MAX_DEPTH || random(fc.boolean))) {
        delete object[property.name]
        continue
      }
      const propertyType = this.#checker.getTypeOfSymbolAtLocation(property, this.#at)
      const [method] = this.#checker.getSignaturesOfType(propertyType, ts.SignatureKind.Call)
      const declaration = property.declarations?.[0]
      // An Error's own properties can't be enumerated.
      if (type.isClass() && declaration?.getSourceFile().isDeclarationFile) {
        Object.defineProperty(object, property.name, { value: "hidden", configurable: true })
        continue
      }
      if (declaration && ts.isGetAccessorDeclaration(declaration) && ts.isClassLike(declaration.parent)) {
        const value = this.#value(propertyType, random, depth + 1)
        Object.defineProperty(prototype, property.name, { get: () => value, enumerable: true })
        continue
      }
      if (property.name === "toJSON" && method) {
        const json = this.#value(method.getReturnType(), random, depth + 1)
        object.toJSON = () => json
        continue
      }
      const kind = property
        .getJsDocTags(this.#checker)
        .filter((tag) => tag.name === "type")
        .map(({ text }) => ts.displayPartsToString(text).replace(/[{}]/g, "").trim())[0]
      object[property.name] = this.#value(propertyType, kind ? ofKind(random, kind) : random, depth + 1)
    }
    return Object.keys(Object.getOwnPropertyDescriptors(prototype)).length === 0
      ? object
      : Object.setPrototypeOf(object, prototype)
  }

  #tuple(
    type: ts.TypeReference,
    random: GeneratorValue,
    depth: number,
    some: (most: number) => number,
  ): unknown[] {
    const { elementFlags } = type.target as ts.TupleType
    const elements = this.#checker.getTypeArguments(type)
    const values: unknown[] = []
    for (const [i, flags] of elementFlags.entries()) {
      if (flags & ts.ElementFlags.Optional && random(fc.boolean)) break
      const times = flags & ts.ElementFlags.Rest ? some(3) : 1
      // An element that is there and undefined is null in JSON, which its type does not say.
      const isOptional = (flags & ts.ElementFlags.Optional) !== 0
      const element = isOptional ? this.#checker.getNonNullableType(elements[i]!) : elements[i]!
      for (let n = 0; n < times; n++) values.push(this.#value(element, random, depth + 1))
    }
    return values
  }

  #template({ texts, types }: ts.TemplateLiteralType, random: GeneratorValue): string {
    return texts.reduce((all, text, i) => `${all}${this.#value(types[i - 1]!, random, 0)}${text}`)
  }

  #marks(type: ts.Type): string[] {
    return this.#checker
      .getPropertiesOfType(type)
      .map((property) => this.#checker.getNonNullableType(this.#checker.getTypeOfSymbol(property)))
      .flatMap((mark) =>
        mark.isStringLiteral()
          ? [mark.value]
          : this.#checker.getPropertiesOfType(mark).map(({ name }) => name),
      )
  }
}

/** JSON has no -0, NaN and infinities. */
function plainNumber(): fc.Arbitrary<number> {
  return fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true })).map((value) => value + 0)
}

/** Numbers are of the kind that the property's doc comment says. */
function ofKind(random: GeneratorValue, kind: string): GeneratorValue {
  const numbers = KINDS[kind]!.map((value) => value + 0)
  return ((arbitrary: unknown, ...args: unknown[]) =>
    arbitrary === plainNumber
      ? random(() => numbers)
      : (random as unknown as (...all: unknown[]) => unknown)(
          arbitrary,
          ...args,
        )) as unknown as GeneratorValue
}
