/**
 * The app's schema as the tables that drive the guest's codec. guest/assembly/tables.ts documents the layout.
 *
 * @module
 */
import {
  createFileRegistry,
  type DescEnum,
  type DescField,
  type DescMessage,
  type FileRegistry,
  fromBinary,
  getOption,
  hasOption,
  ScalarType,
} from "@bufbuild/protobuf"
import { FeatureSet_FieldPresence, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt"
import { isForClients, isJsonValue, isNull, shapeOf as messageShapeOf } from "../codec/message-shape.ts"
import {
  type FieldShape,
  field as fieldOption,
  literal as literalOption,
} from "../gen/hono_faasm/v1/annotations_pb.ts"
import { GUEST_NAMES, GUEST_TEXTS } from "./names.ts"
import { PackError } from "./pack-error.ts"

/** A route that the function holds, as its tables need it. */
export interface TableRoute {
  /** Row in the app's `app.routes`. */
  index: number
  /** Full name of the request message. */
  request: string
  /** Full name of the response message. */
  response: string
}

const KIND = {
  double: 1,
  bool: 2,
  string: 3,
  enum: 4,
  message: 5,
  json: 6,
  date: 7,
  map: 8,
  presence: 9,
  int32: 10,
  uint32: 11,
  int64: 12,
  uint64: 13,
  float: 14,
  bigint: 15,
  null: 16,
}
const FLAG = { optional: 1, nullable: 2, repeated: 4, explicit: 8, rest: 16 }
const MESSAGE = { wrapper: 1, dates: 2, union: 4, tuple: 8, open: 16, json: 32 }
const FIELD_SIZE = 28
const MESSAGE_SIZE = 16
const MAX_ROUTES = 100_000

/**
 * Lays the tables out for the address that they will be copied to.
 *
 * Throws a PackError when the schema has what the guest's codec can't do.
 */
export function layOutTables(
  base: number,
  fileSet: Uint8Array,
  schemaHash: string,
  routes: TableRoute[],
): Uint8Array {
  return new Tables(base, createFileRegistry(fromBinary(FileDescriptorSetSchema, fileSet))).build(
    schemaHash,
    routes,
  )
}

/** Upper bound of the tables' size in bytes, so that memory can be had before their address is known. */
export function tablesSize(fileSet: Uint8Array, schemaHash: string, routes: TableRoute[]): number {
  return layOutTables(0, fileSet, schemaHash, routes).length
}

class Tables {
  readonly #base: number
  readonly #registry: FileRegistry
  readonly #messages = new Map<DescMessage, number>()
  readonly #enums = new Map<DescEnum, number>()
  readonly #interned: { name: string; slot: number }[] = []
  readonly #strings = new Map<string, number>()
  #view = new DataView(new ArrayBuffer(4096))
  #length = 0

  constructor(base: number, registry: FileRegistry) {
    this.#base = base
    this.#registry = registry
  }

  build(schemaHash: string, routes: TableRoute[]): Uint8Array {
    if (!/^[0-9a-f]{16}$/.test(schemaHash) || /^0+$/.test(schemaHash)) {
      throw new PackError("schema", `the schema hash is not 16 hex digits, or is zero: ${schemaHash}`)
    }
    const root = this.#allocate(44)
    this.#view.setBigUint64(root, BigInt(`0x${schemaHash}`), true)
    const count = Math.max(0, ...routes.map((route) => route.index + 1))
    if (count > MAX_ROUTES) throw new PackError("schema", `more than ${MAX_ROUTES} routes`)
    const table = this.#allocate(count * 8)
    this.#pointer(root + 8, table)
    this.#set(root + 12, count)
    for (const route of routes) {
      this.#pointer(table + route.index * 8, this.#message(this.#find(route.request)))
      this.#pointer(table + route.index * 8 + 4, this.#message(this.#find(route.response)))
    }
    const decoded = new Set<DescMessage>()
    for (const route of routes) collectMessages(this.#find(route.request), decoded)
    const decodedTable = this.#allocate(decoded.size * 4)
    for (const [at, desc] of [...decoded].entries()) this.#pointer(decodedTable + at * 4, this.#message(desc))
    this.#pointer(root + 36, decodedTable)
    this.#set(root + 40, decoded.size)
    const names = Object.values(GUEST_NAMES)
    const nameTable = this.#allocate(names.length * 4)
    for (const [at, name] of names.entries()) this.#intern(name, nameTable + at * 4)
    this.#pointer(root + 16, nameTable)
    this.#set(root + 20, names.length)
    const texts = Object.values(GUEST_TEXTS)
    const textTable = this.#allocate(texts.length * 8)
    for (const [at, text] of texts.entries()) this.#string(text, textTable + at * 8)
    this.#pointer(root + 24, textTable)
    const internTable = this.#allocate(this.#interned.length * 12)
    this.#interned.forEach(({ name, slot }, at) => {
      this.#string(name, internTable + at * 12)
      this.#pointer(internTable + at * 12 + 8, slot)
    })
    this.#pointer(root + 28, internTable)
    this.#set(root + 32, this.#interned.length)
    return new Uint8Array(this.#view.buffer, 0, this.#length)
  }

  #find(name: string): DescMessage {
    const message = this.#registry.getMessage(name)
    if (!message) throw new PackError("schema", `the schema has no message ${name}`)
    return message
  }

  #message(desc: DescMessage): number {
    const known = this.#messages.get(desc)
    if (known !== undefined) return known
    const at = this.#allocate(MESSAGE_SIZE)
    this.#messages.set(desc, at)
    const { wrapper, union, tuple } = messageShapeOf(desc)
    const rest = desc.fields.find((field) => isRest(field, tuple))
    const properties = desc.fields.filter(
      (field) => shapeOf(field).presenceOf === 0 && !isForClients(field.message) && field !== rest,
    )
    if (tuple) properties.sort((a, b) => Number(a.jsonName) - Number(b.jsonName))
    // Companions come last: the glue builds an object while it goes over the fields.
    const companions = desc.fields.filter((field) => shapeOf(field).presenceOf !== 0)
    const fields = [...properties, ...(rest ? [rest] : []), ...companions]
    if (wrapper && (properties.length !== 1 || properties[0]?.number !== 1)) {
      throw new PackError("schema", `${desc.typeName} is a wrapper, but has other fields than value = 1`)
    }
    const table = this.#allocate(fields.length * FIELD_SIZE)
    this.#set(
      at,
      (wrapper ? MESSAGE.wrapper : 0) |
        (reachesDate(desc, new Set()) ? MESSAGE.dates : 0) |
        (union ? MESSAGE.union : 0) |
        (isJsonValue(desc) ? MESSAGE.json : 0) |
        (tuple ? MESSAGE.tuple : 0) |
        (rest ? MESSAGE.open : 0),
    )
    this.#pointer(at + 4, table)
    this.#set(at + 8, fields.length)
    this.#set(at + 12, properties.filter((field) => !shapeOf(field).optional).length)
    fields.forEach((field, index) => {
      const companion = companions.find((other) => shapeOf(other).presenceOf === field.number)
      this.#field(
        field,
        table + index * FIELD_SIZE,
        companion ? fields.indexOf(companion) + 1 : 0,
        field === rest,
      )
    })
    return at
  }

  #field(field: DescField, at: number, companion: number, isRest: boolean): void {
    const shape = shapeOf(field)
    const type = this.#type(field)
    this.#set(at, field.number)
    this.#view.setUint8(at + 4, type.kind)
    const explicit =
      field.fieldKind !== "map" &&
      field.fieldKind !== "list" &&
      field.presence !== FeatureSet_FieldPresence.IMPLICIT
    this.#view.setUint8(
      at + 5,
      (shape.optional ? FLAG.optional : 0) |
        (shape.nullable ? FLAG.nullable : 0) |
        (field.fieldKind === "list" ? FLAG.repeated : 0) |
        (explicit ? FLAG.explicit : 0) |
        (isRest ? FLAG.rest : 0),
    )
    // A companion has no name that a property could have, nor has what holds all others.
    if (type.kind !== KIND.presence && !isRest) this.#intern(propertyName(field), at + 8)
    if (type.table) this.#pointer(at + 12, type.table)
    this.#set(at + 16, companion)
    this.#set(at + 20, shape.status)
    const packed = field.fieldKind === "list" && type.kind !== KIND.message
    this.#set(at + 24, (field.number << 3) | (packed && isPackable(type.kind) ? 2 : type.wireType))
  }

  #type(field: DescField): { kind: number; wireType: number; table?: number } {
    const shape = shapeOf(field)
    if (shape.presenceOf !== 0) return { kind: KIND.presence, wireType: 0 }
    if (field.fieldKind === "map") {
      if (field.mapKey !== ScalarType.STRING) throw unsupported(field)
      const value = this.#allocate(FIELD_SIZE)
      const type =
        field.mapKind === "message"
          ? { kind: KIND.message, wireType: 2, table: this.#message(field.message) }
          : field.mapKind === "enum"
            ? { kind: KIND.enum, wireType: 0, table: this.#enum(field.enum) }
            : scalarType(field, field.scalar, shape)
      this.#set(value, 2)
      this.#view.setUint8(value + 4, type.kind)
      if ("table" in type) this.#pointer(value + 12, type.table)
      this.#set(value + 24, (2 << 3) | type.wireType)
      return { kind: KIND.map, wireType: 2, table: value }
    }
    if (field.message) return { kind: KIND.message, wireType: 2, table: this.#message(field.message) }
    if (field.enum && isNull(field.enum)) return { kind: KIND.null, wireType: 0 }
    if (field.enum) return { kind: KIND.enum, wireType: 0, table: this.#enum(field.enum) }
    if (field.scalar === undefined) throw unsupported(field)
    return scalarType(field, field.scalar, shape)
  }

  #enum(desc: DescEnum): number {
    const known = this.#enums.get(desc)
    if (known !== undefined) return known
    const values = desc.values.filter((value) => hasOption(value, literalOption))
    const at = this.#allocate(8)
    this.#enums.set(desc, at)
    const entries = this.#allocate(values.length * 8)
    this.#pointer(at, entries)
    this.#set(at + 4, values.length)
    values.forEach((value, index) => {
      this.#set(entries + index * 8, value.number)
      this.#intern(getOption(value, literalOption).text, entries + index * 8 + 4)
    })
    return at
  }

  #intern(name: string, slot: number): void {
    this.#interned.push({ name, slot })
  }

  #string(text: string, slot: number): void {
    const bytes = new TextEncoder().encode(text)
    let at = this.#strings.get(text)
    if (at === undefined) {
      at = this.#allocate(bytes.length)
      new Uint8Array(this.#view.buffer).set(bytes, at)
      this.#strings.set(text, at)
    }
    this.#pointer(slot, at)
    this.#set(slot + 4, bytes.length)
  }

  #allocate(size: number): number {
    const at = this.#length
    this.#length = (at + size + 7) & ~7
    if (this.#length > this.#view.byteLength) {
      const grown = new Uint8Array(this.#length * 2)
      grown.set(new Uint8Array(this.#view.buffer))
      this.#view = new DataView(grown.buffer)
    }
    return at
  }

  #set(at: number, value: number): void {
    this.#view.setUint32(at, value, true)
  }

  #pointer(at: number, target: number): void {
    this.#view.setUint32(at, this.#base + target, true)
  }
}

/** Whether it holds what the message's other fields do not: other properties, or a tuple's further elements. */
function isRest(field: DescField, inTuple: boolean): boolean {
  return inTuple ? field.jsonName === "rest" : shapeOf(field).rest
}

function isPackable(kind: number): boolean {
  return (
    kind === KIND.double ||
    kind === KIND.bool ||
    kind === KIND.enum ||
    (kind >= KIND.int32 && kind <= KIND.float)
  )
}

type Shape = Omit<FieldShape, "$typeName" | "$unknown">
const PLAIN: Shape = {
  optional: false,
  nullable: false,
  presenceOf: 0,
  date: false,
  status: 0,
  json: false,
  bigint: false,
  rest: false,
}

function shapeOf(field: DescField): Shape {
  return hasOption(field, fieldOption) ? getOption(field, fieldOption) : PLAIN
}

function scalarType(field: DescField, scalar: ScalarType, shape: Shape): { kind: number; wireType: number } {
  switch (scalar) {
    case ScalarType.STRING:
      return { kind: textKind(shape), wireType: 2 }
    case ScalarType.DOUBLE:
      return { kind: KIND.double, wireType: 1 }
    case ScalarType.FLOAT:
      return { kind: KIND.float, wireType: 5 }
    case ScalarType.BOOL:
      return { kind: KIND.bool, wireType: 0 }
    case ScalarType.INT32:
      return { kind: KIND.int32, wireType: 0 }
    case ScalarType.UINT32:
      return { kind: KIND.uint32, wireType: 0 }
    case ScalarType.INT64:
      return { kind: KIND.int64, wireType: 0 }
    case ScalarType.UINT64:
      return { kind: KIND.uint64, wireType: 0 }
    default:
      throw unsupported(field)
  }
}

/** What a text stands for. */
function textKind(shape: Shape): number {
  if (shape.json) return KIND.json
  if (shape.date) return KIND.date
  return shape.bigint ? KIND.bigint : KIND.string
}

function propertyName(field: DescField): string {
  // JS_SetProperty would change the prototype.
  if (field.jsonName === "__proto__") throw unsupported(field)
  return field.jsonName
}

function unsupported(field: DescField): PackError {
  return new PackError(
    "schema",
    `${field.parent.typeName}.${field.name}: a function can't have a field of this type`,
  )
}

/** Whether JSON has a text in the place of something in it: a Date or a bigint. */
function reachesDate(desc: DescMessage, seen: Set<DescMessage>): boolean {
  if (seen.has(desc)) return false
  seen.add(desc)
  return desc.fields.some(
    (field) =>
      shapeOf(field).date ||
      shapeOf(field).bigint ||
      (field.message !== undefined && reachesDate(field.message, seen)),
  )
}

function collectMessages(desc: DescMessage, into: Set<DescMessage>): void {
  if (into.has(desc)) return
  into.add(desc)
  for (const field of desc.fields) {
    if (field.message && !isForClients(field.message)) collectMessages(field.message, into)
  }
}
