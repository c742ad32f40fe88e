/**
 * TypeScript types to messages.
 *
 * @module
 */
import ts from "typescript"
import { covers } from "./covers.ts"
import { fileOf } from "./form-file.ts"
import { isLeftOut, jsonTypes } from "./json-type.ts"
import { JsonValueTypes } from "./json-value-type.ts"
import type { EnumModel, FieldModel, MessageModel, TypeModel } from "./model.ts"
import { brandedNumber, taggedNumber, withNumbers } from "./number-kind.ts"
import type { Project } from "./project.ts"
import type { TypeNames } from "./type-names.ts"
import { discriminantOf, literalOf, reachesDate, requiredProperties } from "./union-members.ts"
import { ANY_HINT, hintFor, UnmappedType } from "./unmapped-type.ts"
import { pascalCase, snakeCase, UniqueNames } from "./words.ts"

/** Stands for all other properties, in the place of a property's name. */
const REST = "[key: string]"

/** Most levels of types in types: recursive generics make new types without end. */
const MAX_DEPTH = 24

/** Most messages of one body: a type without a name has one for each place where it is used. */
const MAX_MESSAGES = 1000

/** A part of a body that does not become what its author would expect. */
export interface PoorPart {
  /** It travels as JSON text, but for `ambiguous_union`, a member that others stand for. */
  code: "any_type" | "unmapped_type" | "ambiguous_union"
  /** Such as `lines[].size`; empty for all of it. */
  path: string
  /** As TypeScript writes it. */
  type: string
  /** How to get a better mapping. */
  hint: string
}

/** Converts types; keeps the messages and enums that they became. */
export class TypeConverter {
  readonly messages: MessageModel[] = []
  readonly enums: EnumModel[] = []
  /** What of the last body has no good mapping. */
  poorParts: PoorPart[] = []
  readonly #checker: ts.TypeChecker
  readonly #jsonValues: JsonValueTypes
  readonly #names: UniqueNames
  readonly #at: ts.Node
  readonly #typeNames: TypeNames
  readonly #converted = new Map<ts.Type, MessageModel>()
  readonly #convertedGiven = new Map<ts.Type, MessageModel>()
  /** Messages that there were before this body. */
  #before = 0
  /** Types are those of values as the handler has them, and what counts is their JSON. */
  #isGiven = false
  /** The body is a form, whose fields may be files. */
  #isForm = false
  /** Where in the body, such as `lines`, `[]`, `size`. */
  readonly #path: string[] = []

  constructor(project: Project, names: UniqueNames, typeNames: TypeNames) {
    this.#checker = project.checker
    this.#jsonValues = new JsonValueTypes(project.checker)
    this.#names = names
    this.#at = project.entry
    this.#typeNames = typeNames
  }

  /**
   * The message of a body or of a section of a request: an object as itself, anything else in a wrapper.
   * What has several types may be any of them.
   *
   * @returns undefined when there is no mapping: all of it is JSON text
   */
  body(
    bodies: readonly { type: ts.Type; given?: ts.Type | undefined }[],
    name: string,
  ): MessageModel | undefined {
    this.poorParts = []
    this.#before = this.messages.length
    const given = bodies.map((body) => body.given)
    if (given.every((type) => type !== undefined)) {
      // Hono's type of the JSON has lost the names of the types in it, and ends where one recurs.
      this.#isGiven = true
      const message = this.#body([...new Set(given)], name)
      this.#isGiven = false
      if (message) return message
      this.poorParts = []
    }
    return this.#body([...new Set(bodies.map(({ type }) => type))], name)
  }

  /** As {@link body}, of a form. */
  form(type: ts.Type, name: string): MessageModel | undefined {
    this.#isForm = true
    const message = this.body([{ type }], name)
    this.#isForm = false
    return message
  }

  #body(types: readonly ts.Type[], name: string): MessageModel | undefined {
    return this.#orJson(() => {
      const { type: model, nullable, optional } = this.#nullable(types, name, 0)
      if (!nullable && !optional && model.kind === "message") return model.message
      if (optional) {
        throw new UnmappedType(this.#texts(types), "undefined is no JSON: answer null, or c.body(null)")
      }
      return this.#wrapper({ property: "value", type: model, optional, nullable }, `${name}Body`)
    })
  }

  /** What a conversion makes; undefined, and nothing made on the way is kept, when there is no mapping. */
  #orJson<T>(convert: () => T): T | undefined {
    const before = [this.messages.length, this.enums.length, this.poorParts.length] as const
    const path = this.#path.length
    try {
      return convert()
    } catch (error) {
      if (!(error instanceof UnmappedType)) throw error
      const { code, type, hint } = error
      const part = { code, path: this.#where(), type, hint }
      this.#discard(before)
      this.poorParts.splice(before[2])
      this.poorParts.push(part)
      this.#path.splice(path)
      return undefined
    }
  }

  /** Forgets the messages and enums that were made since. */
  #discard([messages, enums]: readonly [messages: number, enums: number, ...others: number[]]): void {
    for (const message of this.messages.splice(messages)) {
      this.#names.release(message.name)
      for (const known of [this.#converted, this.#convertedGiven]) {
        for (const [key, kept] of known) if (kept === message) known.delete(key)
      }
    }
    for (const { name } of this.enums.splice(enums)) this.#names.release(name)
  }

  #where(): string {
    return this.#path.reduce(
      (path, part) => (part === "[]" || path === "" ? path + part : `${path}.${part}`),
      "",
    )
  }

  #within<T>(part: string, convert: () => T): T {
    this.#path.push(part)
    const converted = convert()
    this.#path.pop()
    return converted
  }

  get #known(): Map<ts.Type, MessageModel> {
    return this.#isGiven ? this.#convertedGiven : this.#converted
  }

  /** `written` is the alias that stands for the type but for null and undefined. */
  #nullable(
    types: readonly ts.Type[],
    name: string,
    depth: number,
    written?: ts.Type,
  ): { type: TypeModel; nullable: boolean; optional: boolean } {
    const all = types.flatMap((type) => (type.isUnion() ? type.types : [type]))
    const members = this.#isGiven ? all.flatMap((type) => jsonTypes(this.#checker, type, this.#at)) : all
    const json = this.#jsonValues.messageOf(members, this.#isGiven)
    if (json) {
      const mayBe = (flag: ts.TypeFlags) => members.some(({ flags }) => (flags & flag) !== 0)
      return {
        type: { kind: "any", name: json },
        // That is one of its values.
        nullable: json !== "Value" && mayBe(ts.TypeFlags.Null),
        optional: mayBe(ts.TypeFlags.Undefined) || members.length < all.length,
      }
    }
    if (members.some((member) => isAnyJson(member))) {
      const type = this.#texts(types)
      if (depth === 0) throw new UnmappedType(type, ANY_HINT, "any_type")
      this.poorParts.push({ code: "any_type", path: this.#where(), type, hint: ANY_HINT })
      return { type: { kind: "json" }, nullable: false, optional: members.some(mayBeUndefined) }
    }
    const flagged = (flag: ts.TypeFlags) => members.some((member) => (member.flags & flag) !== 0)
    const nullable = flagged(ts.TypeFlags.Null)
    const optional = members.some(mayBeUndefined) || members.length < all.length
    const rest = members.filter(
      (member) => !(member.flags & (ts.TypeFlags.Null | ts.TypeFlags.Undefined | ts.TypeFlags.Void)),
    )
    // What is always null has no value that needs a type; should it get one, that is most likely a text.
    if (rest.length === 0 && nullable) return { type: { kind: "string" }, nullable, optional }
    if (rest.length === 0) throw this.#unmapped(types[0]!)
    return { type: this.#members(rest, written ?? types[0]!, name, depth), nullable, optional }
  }

  #members(members: ts.Type[], whole: ts.Type, name: string, depth: number): TypeModel {
    if (depth > MAX_DEPTH) {
      const hint = `it is recursive or more than ${MAX_DEPTH} levels deep: give the parts that recur a name`
      throw new UnmappedType(this.#text(whole), hint)
    }
    const all = (flag: ts.TypeFlags) => members.every((member) => (member.flags & flag) !== 0)
    if (all(ts.TypeFlags.BooleanLike)) return { kind: "bool" }
    if (all(ts.TypeFlags.NumberLike)) return { kind: "double" }
    if (all(ts.TypeFlags.BigIntLike)) return { kind: "bigint" }
    // A body that is one text is a text, not the name of something.
    const isText = depth === 0 && members.length === 1
    if (!isText && members.every((member) => member.isStringLiteral())) {
      return this.#enum(
        members.map((member) => (member as ts.StringLiteralType).value),
        whole,
        name,
      )
    }
    if (all(ts.TypeFlags.StringLike)) return { kind: "string" }
    const distinct = this.#distinct(members)
    return distinct.length > 1
      ? { kind: "message", message: this.#union(distinct, whole, name, depth) }
      : this.#object(distinct[0]!, name, depth)
  }

  /** Members are numbered in the order in which a codec has to try them: the more special ones first. */
  #union(members: ts.Type[], whole: ts.Type, name: string, depth: number): MessageModel {
    const known = this.#known.get(whole)
    if (known) return known
    const alias = whole.aliasSymbol ? this.#ownName(whole) : undefined
    const union = this.#start(alias ?? name, "union", whole)
    // What is made of several types, as the bodies of a status, is none of them.
    if (whole.isUnion()) this.#known.set(whole, union)
    this.#fillUnion(union, members, depth)
    if (!alias) this.#known.delete(whole)
    return union
  }

  #fillUnion(union: MessageModel, members: ts.Type[], depth: number): void {
    // That is the name of the oneof.
    const keys = new UniqueNames(["value"])
    const add = (key: string, type: TypeModel) =>
      union.fields.push({ property: keys.take(key, "_"), type, optional: false, nullable: false })
    const flagged = (flag: ts.TypeFlags) => members.filter((member) => (member.flags & flag) !== 0)
    const literals = flagged(ts.TypeFlags.StringLiteral) as ts.StringLiteralType[]
    if (literals.length > 0) {
      const texts = literals.map(({ value }) => value)
      add("literal", this.#enum(texts, literals[0]!, `${union.name}Literal`))
    }
    if (flagged(ts.TypeFlags.StringLike).length > literals.length) add("text", { kind: "string" })
    if (flagged(ts.TypeFlags.NumberLike).length > 0) add("number", { kind: "double" })
    if (flagged(ts.TypeFlags.BooleanLike).length > 0) add("boolean", { kind: "bool" })
    const primitive = ts.TypeFlags.StringLike | ts.TypeFlags.NumberLike | ts.TypeFlags.BooleanLike
    const objects = members.filter((member) => (member.flags & primitive) === 0)
    const property = discriminantOf(this.#checker, objects, this.#at)
    const ranked = objects
      .map((type) => ({ type, rank: this.#rank(type) }))
      .sort(({ rank: a }, { rank: b }) => a.kind - b.kind || b.required - a.required || a.all - b.all)
    for (const { type } of ranked) {
      const text = property && literalOf(this.#checker, type, property, this.#at)
      const kind = this.#checker.isTupleType(type)
        ? "tuple"
        : requiredProperties(this.#checker, type).slice(0, 3).join(" ")
      const label = text ?? this.#ownName(type) ?? kind
      const before = [this.messages.length, this.enums.length] as const
      const model = this.#object(type, `${union.name}${pascalCase(label) || "Object"}`, depth + 1)
      if (reachesDate(model)) {
        throw new UnmappedType(
          this.#texts(members),
          "a Date or bigint in a union can't be told from a string: keep it out",
        )
      }
      const member = this.#member(model, union.name)
      if (!property && union.fields.some((field) => covers(field.type, member))) {
        this.#discard(before)
        const hint = "give each member a property with a text of its own"
        this.poorParts.push({ code: "ambiguous_union", path: this.#where(), type: this.#text(type), hint })
        continue
      }
      add(member === model && model.kind === "message" ? snakeCase(label) : suffixOf(model), member)
    }
  }

  /**
   * A message that is to be filled. One without a name of its own is known only meanwhile, so that it can contain itself:
   * it is that of one place, as what is named after a place must not depend on others.
   */
  #start(name: string, shape: MessageModel["shape"], type: ts.Type): MessageModel {
    if (this.messages.length - this.#before >= MAX_MESSAGES) {
      const hint = `it is of more than ${MAX_MESSAGES} parts: give the types in it names`
      throw new UnmappedType(this.#text(type), hint)
    }
    const message: MessageModel = { name: this.#names.take(name), fields: [], shape }
    this.messages.push(message)
    return message
  }

  /** In what order members are tried: what is more special comes first. */
  #rank(type: ts.Type): { kind: number; required: number; all: number } {
    const isList = this.#checker.isArrayType(type)
    const all = isList ? 0 : this.#checker.getPropertiesOfType(type).length
    return { kind: isList ? 1 : 0, required: requiredProperties(this.#checker, type).length, all }
  }

  /** What stands for a member in a oneof, which has no lists and maps. */
  #member(model: TypeModel, union: string): TypeModel {
    if (model.kind !== "list" && model.kind !== "map") return model
    const value = { property: "value", type: model, optional: false, nullable: false }
    return { kind: "message", message: this.#wrapper(value, `${union}${pascalCase(suffixOf(model))}`) }
  }

  /** Types without those that are written alike: every object literal has a type of its own. */
  #distinct(types: readonly ts.Type[]): ts.Type[] {
    const isSame = (a: ts.Type, b: ts.Type) =>
      this.#fullText(a) === this.#fullText(b) &&
      this.#checker.isTypeAssignableTo(a, b) &&
      this.#checker.isTypeAssignableTo(b, a)
    return types.filter((type, i) => !types.slice(0, i).some((other) => isSame(other, type)))
  }

  #object(type: ts.Type, name: string, depth: number): TypeModel {
    const checker = this.#checker
    // A branded primitive is the primitive with a mark that has no value.
    if (type.isIntersection()) {
      const primitive = type.types.find(
        ({ flags }) => flags & (ts.TypeFlags.StringLike | ts.TypeFlags.NumberLike | ts.TypeFlags.BooleanLike),
      )
      if (primitive) {
        const marks = type.types.filter((part) => part !== primitive)
        const kind = brandedNumber(checker, marks, this.#at)
        const model = this.#members([primitive], primitive, name, depth)
        return kind ? withNumbers(model, kind) : model
      }
    }
    if (!(type.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection))) throw this.#unmapped(type)
    if (type.symbol?.name === "Date" && isLibrary(type.symbol)) return { kind: "date" }
    const json = this.#jsonValues.messageOf([type], this.#isGiven)
    if (json) return { kind: "any", name: json }
    if (checker.isTupleType(type)) return { kind: "message", message: this.#tuple(type, name, depth) }
    if (checker.isArrayType(type)) {
      const [element] = checker.getTypeArguments(type as ts.TypeReference)
      return { kind: "list", element: this.#element(element!, name, depth + 1) }
    }
    if (checker.getSignaturesOfType(type, ts.SignatureKind.Call).length > 0) throw this.#unmapped(type)
    const index =
      checker.getIndexTypeOfType(type, ts.IndexKind.String) ??
      checker.getIndexTypeOfType(type, ts.IndexKind.Number)
    const properties = checker.getPropertiesOfType(type)
    if (index && properties.length === 0) return { kind: "map", value: this.#mapped(index, name, depth) }
    const isNamed = type.symbol && !type.symbol.name.startsWith("__")
    if (isNamed && isPlatform(type.symbol)) throw this.#unmapped(type)
    return { kind: "message", message: this.#message(type, properties, index, name, depth) }
  }

  #tuple(type: ts.Type, name: string, depth: number): MessageModel {
    const known = this.#known.get(type)
    if (known) return known
    const { elementFlags } = (type as ts.TypeReference).target as ts.TupleType
    const elements = this.#checker.getTypeArguments(type as ts.TypeReference)
    const isVariable = (flags: ts.ElementFlags) => (flags & ts.ElementFlags.Variable) !== 0
    const last = elementFlags.length - 1
    if (
      elementFlags.some((flags, i) => flags & ts.ElementFlags.Variadic || (isVariable(flags) && i < last))
    ) {
      throw new UnmappedType(this.#text(type), "what may be repeated has to come last")
    }
    const ownName = this.#ownName(type)
    const tuple = this.#start(ownName ?? name, "tuple", type)
    this.#known.set(type, tuple)
    for (const [i, flags] of elementFlags.entries()) {
      if (isVariable(flags)) {
        const element = this.#element(elements[i]!, `${tuple.name}Rest`, depth + 1)
        const list: TypeModel = { kind: "list", element }
        tuple.fields.push({ property: "rest", type: list, optional: false, nullable: false })
        continue
      }
      const {
        type: model,
        nullable,
        optional,
      } = this.#property(`[${i}]`, elements[i]!, `${tuple.name}Item${i}`, depth) ?? {
        type: { kind: "json" as const },
        nullable: false,
        optional: false,
      }
      const mayBeAbsent = (flags & ts.ElementFlags.Optional) !== 0
      const isUndefined = optional && !mayBeAbsent && model.kind !== "json"
      if (isUndefined && !this.#isGiven) throw this.#undefinedInArray(type)
      tuple.fields.push({
        property: `${i}`,
        type: model,
        nullable: nullable || isUndefined,
        optional: mayBeAbsent,
      })
    }
    if (!ownName) this.#known.delete(type)
    return tuple
  }

  #message(
    type: ts.Type,
    properties: ts.Symbol[],
    index: ts.Type | undefined,
    name: string,
    depth: number,
  ): MessageModel {
    const files = this.#isForm && depth === 0 ? this.#files(properties) : undefined
    // A form with files is not what the type is elsewhere.
    const isShared = files === undefined || files.size === 0
    const known = isShared && this.#known.get(type)
    if (known) return known
    const ownName = isShared ? this.#ownName(type) : undefined
    const message = this.#start(ownName ?? name, "object", type)
    this.#known.set(type, message)
    for (const property of properties) {
      // Symbols, private names, accessors, which are the prototype's, and what an Error has: JSON has none of them.
      if (/^__[@#]/.test(property.escapedName as string) || isClassAccessor(property)) continue
      if (type.isClass() && isPlatform(property)) continue
      const propertyType = this.#checker.getTypeOfSymbolAtLocation(property, this.#at)
      const isOptional = (property.flags & ts.SymbolFlags.Optional) !== 0
      // What is always undefined is never there. What has to be there and can't be is a type that Hono knows no
      // JSON for, such as `object`.
      if (propertyType.flags & ts.TypeFlags.Undefined) continue
      if (this.#isGiven && isLeftOut(this.#checker, propertyType, this.#at)) continue
      if (propertyType.flags & ts.TypeFlags.Never) {
        if (isOptional) continue
        this.#path.push(property.name)
        throw this.#unmapped(propertyType)
      }
      if (!canName(property.name)) {
        this.#path.push(property.name)
        throw new UnmappedType(this.#text(propertyType), "protobuf can't name such a property: rename it")
      }
      const part = `${message.name}${pascalCase(property.name) || "Field"}`
      const {
        type: model,
        nullable,
        optional,
      } = files?.get(property) ??
        this.#property(property.name, propertyType, part, depth, this.#written(property, propertyType)) ?? {
          type: { kind: "json" as const },
          nullable: false,
          optional: mayBeUndefined(propertyType),
        }
      const number = taggedNumber(this.#checker, property)
      const doc = ts.displayPartsToString(property.getDocumentationComment(this.#checker)).trim()
      message.fields.push({
        property: property.name,
        type: number ? withNumbers(model, number) : model,
        optional: optional || isOptional,
        nullable,
        ...(doc === "" ? {} : { doc }),
      })
    }
    if (index) {
      const value = this.#orJson(() => this.#mapped(index, message.name, depth)) ?? { kind: "json" }
      const rest: TypeModel = { kind: "map", value }
      message.fields.push({ property: REST, type: rest, optional: false, nullable: false, rest: true })
    }
    if (!ownName) this.#known.delete(type)
    return message
  }

  #files(properties: readonly ts.Symbol[]) {
    return new Map(
      properties.flatMap((property) => {
        const type = this.#checker.getTypeOfSymbolAtLocation(property, this.#at)
        const file = fileOf(this.#checker, type)
        return file ? [[property, file] as const] : []
      }),
    )
  }

  #property(property: string, type: ts.Type, name: string, depth: number, written?: ts.Type) {
    return this.#orJson(() => this.#within(property, () => this.#nullable([type], name, depth + 1, written)))
  }

  /** The alias of a union in `a?: Alias | null`, which the type itself does not tell. */
  #written(property: ts.Symbol, type: ts.Type): ts.Type | undefined {
    const declaration = property.declarations?.[0]
    const isProperty =
      declaration && (ts.isPropertySignature(declaration) || ts.isPropertyDeclaration(declaration))
    if (!isProperty || !declaration.type || !type.isUnion()) return undefined
    const { type: node } = declaration
    const isNothing = ({ flags }: ts.Type) => (flags & (ts.TypeFlags.Null | ts.TypeFlags.Undefined)) !== 0
    const members = new Set(type.types.filter((member) => !isNothing(member)))
    return (ts.isUnionTypeNode(node) ? node.types : [node])
      .filter(ts.isTypeReferenceNode)
      .map((reference) => this.#checker.getTypeFromTypeNode(reference))
      .find(
        (alias) =>
          alias.aliasSymbol &&
          alias.isUnion() &&
          alias.types.length === members.size &&
          alias.types.every((member) => members.has(member)),
      )
  }

  #unmapped(type: ts.Type): UnmappedType {
    return new UnmappedType(this.#text(type), hintFor(this.#checker, type))
  }

  /** What may stand in a map. JSON leaves out what is undefined, so that needs no mapping. */
  #mapped(type: ts.Type, name: string, depth: number): TypeModel {
    return this.#element(type, `${name}Value`, depth + 1, true)
  }

  /** What may stand in a list or map: lists, maps and what is nullable get a wrapper. */
  #element(type: ts.Type, name: string, depth: number, inMap = false): TypeModel {
    const {
      type: model,
      nullable,
      optional: mayBeUndefined,
    } = this.#within("[]", () => this.#nullable([type], name, depth))
    const optional = mayBeUndefined && !inMap && !this.#isGiven
    if (optional && model.kind !== "json") throw this.#undefinedInArray(type)
    const hasNull = model.kind === "json" || (model.kind === "any" && model.name === "Value")
    const orNull = nullable || (mayBeUndefined && this.#isGiven && !inMap && !hasNull)
    if (!orNull && model.kind !== "list" && model.kind !== "map") return model
    return {
      kind: "message",
      message: this.#wrapper({ property: "value", type: model, optional, nullable: orNull }, `${name}Item`),
    }
  }

  #undefinedInArray(type: ts.Type): UnmappedType {
    return new UnmappedType(
      this.#text(type),
      "JSON has null for what is undefined in an array: take it out of it",
    )
  }

  #wrapper(field: FieldModel, name: string): MessageModel {
    const message: MessageModel = { name: this.#names.take(name), fields: [field], shape: "wrapper" }
    this.messages.push(message)
    return message
  }

  #enum(texts: string[], type: ts.Type, name: string): TypeModel {
    const symbol = type.aliasSymbol ?? this.#wholeEnum(type, texts.length)
    const alias = symbol && !isLibrary(symbol) ? this.#typeNames.of(symbol) : undefined
    const same = this.enums.find(
      (known) =>
        known.name === alias &&
        known.texts.length === texts.length &&
        texts.every((text) => known.texts.includes(text)),
    )
    if (same) return { kind: "enum", enum: same }
    const model = { name: this.#names.take(alias || name), texts: [...texts].sort() }
    this.enums.push(model)
    return { kind: "enum", enum: model }
  }

  /** The enum that a type has all members of, beside null and undefined. */
  #wholeEnum(type: ts.Type, members: number): ts.Symbol | undefined {
    const literals = (type.isUnion() ? type.types : [type]).filter((member) => member.isStringLiteral())
    const [base, ...others] = new Set(
      literals.map((literal) => this.#checker.getBaseTypeOfLiteralType(literal)),
    )
    const isEnum = base?.isUnion() && (base.flags & ts.TypeFlags.EnumLike) !== 0
    return isEnum && others.length === 0 && base.types.length === members ? base.symbol : undefined
  }

  /** The name that the author gave a type; an instance of a generic has those of its arguments as well. */
  #ownName(type: ts.Type): string | undefined {
    const symbol = type.aliasSymbol ?? type.symbol
    if (!symbol || symbol.name.startsWith("__") || isLibrary(symbol)) return undefined
    const given = type.aliasSymbol
      ? type.aliasTypeArguments
      : type.flags & ts.TypeFlags.Object && this.#checker.getTypeArguments(type as ts.TypeReference)
    const names = (given || []).map((argument) => this.#argumentName(argument))
    const name = this.#typeNames.of(symbol)
    return names.includes(undefined) || !name ? undefined : name + pascalCase(names.join(" "))
  }

  #argumentName(type: ts.Type): string | undefined {
    const plain = ts.TypeFlags.String | ts.TypeFlags.Number | ts.TypeFlags.Boolean
    return type.flags & plain ? this.#text(type) : this.#ownName(type)
  }

  #texts(types: readonly ts.Type[]): string {
    return types.map((type) => this.#text(type)).join(" | ")
  }

  #fullText(type: ts.Type): string {
    return this.#checker.typeToString(type, undefined, ts.TypeFormatFlags.NoTruncation)
  }

  #text(type: ts.Type): string {
    const text = this.#fullText(type)
    return text.length > 120 ? `${text.slice(0, 117)}...` : text
  }
}

/** Whether the type says nothing but that the value is JSON: what Hono makes of `unknown`, and where types recur. */
function isAnyJson({ flags, aliasSymbol: alias }: ts.Type): boolean {
  if (flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) return true
  return (alias?.name === "JSONObject" || alias?.name === "JSONArray") && isLibrary(alias)
}

function suffixOf(model: TypeModel): string {
  const name = model.kind === "any" ? model.name : undefined
  if (model.kind === "list" || name === "ListValue") return "list"
  return model.kind === "map" || name === "Struct" ? "record" : "value"
}

function mayBeUndefined({ flags }: ts.Type): boolean {
  const without = ts.TypeFlags.Any | ts.TypeFlags.Unknown | ts.TypeFlags.Undefined | ts.TypeFlags.Void
  return (flags & without) !== 0
}

/** Whether protobuf can have it as a JSON name, and setting it sets a property rather than the prototype. */
function canName(property: string): boolean {
  return (
    property !== "" && property !== "__proto__" && !property.includes("\0") && !/^\[.*\]$/s.test(property)
  )
}

/** Whether the values have what JSON does not see: a Map, a stream, ... */
function isPlatform(symbol: ts.Symbol): boolean {
  const files = symbol.declarations?.map((node) => node.getSourceFile().fileName) ?? []
  return files.some((file) => /\/typescript\/lib\/lib\.[^/]*d\.ts$|\/@types\/node\//.test(file))
}

function isClassAccessor({ declarations }: ts.Symbol): boolean {
  return (
    declarations?.some((node) => ts.isGetAccessorDeclaration(node) && ts.isClassLike(node.parent)) ?? false
  )
}

function isLibrary(symbol: ts.Symbol): boolean {
  return symbol.declarations?.every((node) => node.getSourceFile().isDeclarationFile) ?? false
}
