import { type DescField, type DescMessage, getOption } from "@bufbuild/protobuf"
import { isFormFile, isJsonMessage, shapeOf } from "../codec/message-shape.ts"
import { field as fieldOption } from "../gen/hono_faasm/v1/annotations_pb.ts"
import { whyNotPortable } from "./portable.ts"

/** Tells why a value can't travel in a message, or undefined when it can. */
export type PortabilityCheck = (value: unknown) => string | undefined

/**
 * A check of the values whose types have no mapping: they travel as JSON text, which would quietly lose a Map; of any
 * JSON values; and of files, which do not travel. Undefined for a message without such fields, as nearly all are.
 */
export function jsonFieldsCheck(desc: DescMessage): PortabilityCheck | undefined {
  return messageCheck(desc, new Map())
}

type Properties = Record<string, unknown>
type Checks = Map<DescMessage, PortabilityCheck | undefined>

function messageCheck(desc: DescMessage, known: Checks): PortabilityCheck | undefined {
  if (known.has(desc)) return known.get(desc)
  // A type that contains itself: its check is there when it is needed.
  known.set(desc, (value) => known.get(desc)?.(value))
  const shape = shapeOf(desc)
  const checks = desc.fields.flatMap((field) => {
    const check = fieldCheck(field, known)
    const isRest = shape.tuple ? field.jsonName === "rest" : getOption(field, fieldOption).rest
    return check ? [{ name: field.jsonName, check, isRest }] : []
  })
  const isValue = shape.wrapper || shape.union
  const named = new Set(desc.fields.map((field) => field.jsonName))
  /** The properties, or elements, that have no field of their own. */
  const others = (value: object) =>
    Object.fromEntries(Object.entries(value).filter(([key]) => !named.has(key)))
  const check =
    checks.length === 0
      ? undefined
      : (value: unknown) => {
          if (typeof value !== "object" || value === null) return undefined
          for (const { name, check, isRest } of checks) {
            // A wrapper's or union's value is that of the field itself.
            const reason = check(isValue ? value : isRest ? others(value) : (value as Properties)[name])
            if (reason) return `${reason} in ${name}`
          }
          return undefined
        }
  known.set(desc, check)
  return check
}

function fieldCheck(field: DescField, known: Checks): PortabilityCheck | undefined {
  const { message } = field
  const isAny = message && (isFormFile(message) || isJsonMessage(message))
  const one =
    getOption(field, fieldOption).json || isAny
      ? (value: unknown) => (value === undefined ? undefined : whyNotPortable(value))
      : message && messageCheck(message, known)
  if (!one || field.fieldKind === "scalar" || field.fieldKind === "message") return one
  return (value) => {
    if (typeof value !== "object" || value === null) return undefined
    for (const element of Object.values(value)) {
      const reason = one(element)
      if (reason) return reason
    }
    return undefined
  }
}
