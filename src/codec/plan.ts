/**
 * A message's descriptor with our annotations, as the codec needs it: what each field stands for in JavaScript.
 *
 * @module
 */
import {
  type DescEnum,
  type DescField,
  type DescMessage,
  getOption,
  hasOption,
  ScalarType,
} from "@bufbuild/protobuf"
import { FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt"
import { field as fieldOption, literal as literalOption } from "../gen/hono_faasm/v1/annotations_pb.ts"
import { isForClients, isJsonValue, isNull, shapeOf } from "./message-shape.ts"

/** A message. */
export interface MessagePlan {
  desc: DescMessage
  /** The value is that of the one field `value`. */
  wrapper: boolean
  response: boolean
  /** The value is that of the one field that is set: a union. */
  union: boolean
  /** A union of all that JSON has, and null among it: its fields are in the order of google.protobuf.Value. */
  json: boolean
  /** The value is an array with a field for each element. */
  tuple: boolean
  /** The fields that stand for properties or, by index, for a tuple's elements; else in order of number. */
  fields: FieldPlan[]
  /** The map of all other properties, or the list of a tuple's further elements. */
  rest: FieldPlan | undefined
}

/** A field that stands for a property. */
export interface FieldPlan {
  number: number
  /** The property's name. */
  name: string
  shape: "single" | "list" | "map"
  /** The value, or a list's or map's element. */
  value: ValuePlan
  /** A map's key. */
  key?: ScalarType
  optional: boolean
  nullable: boolean
  /** Absence can be seen on the wire. */
  explicit: boolean
  /** Number of the companion field that tells null, empty and absent apart. */
  presence?: number
  /** In a response message: the HTTP status; 0 for every other. */
  status: number
}

/** What a value is. */
export type ValuePlan =
  | { kind: "scalar"; scalar: ScalarType }
  | { kind: "date" }
  | { kind: "bigint" }
  | { kind: "json" }
  | { kind: "null" }
  | { kind: "enum"; texts: Map<number, string> }
  | { kind: "message"; desc: DescMessage }

const plans = new WeakMap<DescMessage, MessagePlan>()

/** Reads a descriptor. */
export function planOf(desc: DescMessage): MessagePlan {
  let plan = plans.get(desc)
  if (!plan) {
    plan = readPlan(desc)
    plans.set(desc, plan)
  }
  return plan
}

function readPlan(desc: DescMessage): MessagePlan {
  const { wrapper, response, union, tuple } = shapeOf(desc)
  const presenceOf = new Map<number, number>()
  const properties: DescField[] = []
  let rest: DescField | undefined
  for (const field of desc.fields) {
    const option = hasOption(field, fieldOption) ? getOption(field, fieldOption) : undefined
    if (option?.presenceOf) presenceOf.set(option.presenceOf, field.number)
    else if (tuple ? field.jsonName === "rest" : option?.rest) rest = field
    else if (!isForClients(field.message)) properties.push(field)
  }
  return {
    desc,
    wrapper,
    response,
    union,
    json: isJsonValue(desc),
    tuple,
    fields: properties
      .map((field) => readField(field, presenceOf.get(field.number)))
      .sort((a, b) => (tuple ? Number(a.name) - Number(b.name) : a.number - b.number)),
    rest: rest && readField(rest, undefined),
  }
}

function readField(field: DescField, presence: number | undefined): FieldPlan {
  const shape = hasOption(field, fieldOption) ? getOption(field, fieldOption) : undefined
  const base = {
    number: field.number,
    name: field.jsonName,
    optional: shape?.optional ?? false,
    nullable: shape?.nullable ?? false,
    explicit: field.presence !== FeatureSet_FieldPresence.IMPLICIT,
    presence,
    status: shape?.status ?? 0,
  }
  const text: ValuePlan | undefined = shape?.date
    ? { kind: "date" }
    : shape?.json
      ? { kind: "json" }
      : shape?.bigint
        ? { kind: "bigint" }
        : undefined
  switch (field.fieldKind) {
    case "scalar":
      return { ...base, shape: "single", value: text ?? { kind: "scalar", scalar: field.scalar } }
    case "enum":
      return { ...base, shape: "single", value: enumOf(field.enum) }
    case "message":
      return { ...base, shape: "single", value: { kind: "message", desc: field.message } }
    case "list":
      return { ...base, explicit: false, shape: "list", value: text ?? elementOf(field, field.listKind) }
    case "map":
      return {
        ...base,
        explicit: false,
        shape: "map",
        key: field.mapKey,
        value: text ?? elementOf(field, field.mapKind),
      }
  }
}

function elementOf(field: DescField, kind: "scalar" | "enum" | "message"): ValuePlan {
  if (kind === "scalar") return { kind: "scalar", scalar: field.scalar! }
  if (kind === "enum") return enumOf(field.enum!)
  return { kind: "message", desc: field.message! }
}

function enumOf(desc: DescEnum): ValuePlan {
  if (isNull(desc)) return { kind: "null" }
  const texts = new Map<number, string>()
  for (const value of desc.values) {
    if (hasOption(value, literalOption)) texts.set(value.number, getOption(value, literalOption).text)
  }
  return { kind: "enum", texts }
}

/** Whether null, where there has to be a value, is up to the message itself. */
export function takesNull({ desc }: { desc: DescMessage }): boolean {
  const { wrapper, json } = planOf(desc)
  return wrapper || json
}

/** Wire type of a scalar: 0 varint, 1 64 bits, 2 length-delimited, 5 32 bits. */
export function wireTypeOf(value: ValuePlan): 0 | 1 | 2 | 5 {
  if (value.kind === "enum" || value.kind === "null") return 0
  if (value.kind !== "scalar") return 2
  switch (value.scalar) {
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return 1
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return 5
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return 2
    default:
      return 0
  }
}
