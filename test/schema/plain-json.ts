import type { DescField, DescMessage, Message } from "@bufbuild/protobuf"
import { getOption, toJson } from "@bufbuild/protobuf"
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect"
import {
  field as fieldOption,
  literal as literalOption,
  message as messageOption,
  Presence,
  RawBodySchema,
} from "../../src/gen/hono_faasm/v1/annotations_pb.ts"

/**
 * The JSON value that a message of protobuf-es stands for, by what annotations.proto says and by nothing else: it
 * shares no code with the codecs that it is compared to.
 */
export function plainJson(desc: DescMessage, message: Message): unknown {
  return ofMessage(reflect(desc, message))
}

function ofMessage(message: ReflectMessage): unknown {
  const { desc } = message
  // Those have a JSON of their own.
  if (desc.typeName.startsWith("google.protobuf.")) return toJson(desc, message.message)
  const shape = getOption(desc, messageOption)
  const fields = desc.fields.filter(
    (field) =>
      !getOption(field, fieldOption).presenceOf && field.message?.typeName !== RawBodySchema.typeName,
  )
  if (shape.response || shape.union) {
    const set = fields.find((field) => message.isSet(field))
    if (!set) throw new Error(`${desc.typeName} is empty`)
    return ofField(message, set)
  }
  if (shape.wrapper) return ofField(message, desc.field.value!)
  if (shape.tuple) {
    const elements = fields
      .filter((field) => field.jsonName !== "rest")
      .sort((a, b) => Number(a.jsonName) - Number(b.jsonName))
      .map((field) => ofField(message, field))
    const rest = fields.find((field) => field.jsonName === "rest")
    const more = rest ? (ofField(message, rest) as unknown[]) : []
    while (more.length === 0 && elements.at(-1) === undefined && elements.length > 0) elements.pop()
    return [...elements.map((element) => (element === undefined ? null : element)), ...more]
  }
  const entries = fields.flatMap((field): [string, unknown][] => {
    const value = ofField(message, field)
    if (getOption(field, fieldOption).rest) return Object.entries(value as object)
    return value === undefined ? [] : [[field.jsonName, value]]
  })
  return Object.fromEntries(entries)
}

/** Undefined when there is no such property. */
function ofField(message: ReflectMessage, field: DescField): unknown {
  const { optional, nullable } = getOption(field, fieldOption)
  const companion = message.desc.fields.find(
    (other) => getOption(other, fieldOption).presenceOf === field.number,
  )
  if (!message.isSet(field)) {
    const presence = companion ? message.get(companion) : Presence.UNSPECIFIED
    if (presence === Presence.NULL) return null
    const isEmpty = presence === Presence.EMPTY
    if (optional && !isEmpty) return undefined
    if (nullable && !isEmpty) return null
  }
  switch (field.fieldKind) {
    case "list":
      return [...message.get(field)].map((item) => ofValue(field, item))
    case "map":
      return Object.fromEntries([...message.get(field)].map(([key, item]) => [key, ofValue(field, item)]))
    case "message":
      return ofMessage(message.get(field))
    default:
      return ofValue(field, message.get(field))
  }
}

function ofValue(field: DescField, value: unknown): unknown {
  if (field.message) return ofMessage(value as ReflectMessage)
  if (field.enum) return getOption(field.enum.value[value as number]!, literalOption).text
  if (getOption(field, fieldOption).json) return JSON.parse(value as string)
  // Integers of 64 bits are those that a number has exactly.
  if (typeof value === "bigint") return Number(value)
  // As JSON.stringify does it.
  return typeof value === "number" && !Number.isFinite(value) ? null : value
}
