/**
 * What members of a union can be told apart by.
 *
 * @module
 */
import { ScalarType } from "@bufbuild/protobuf"
import { type FieldPlan, planOf, type ValuePlan } from "./plan.ts"

/** What `typeof` says of a value, as far as JSON has it. */
export type JsType = "string" | "number" | "boolean" | "object"

/** What `typeof` says of a scalar's values. */
export function typeOfScalar(scalar: ScalarType): "string" | "number" | "boolean" {
  if (scalar === ScalarType.STRING) return "string"
  return scalar === ScalarType.BOOL ? "boolean" : "number"
}

/** What `typeof` says of the values that a member may have; null is none of them. */
export function typesOf(value: ValuePlan): Set<JsType> {
  switch (value.kind) {
    case "scalar":
      return new Set([typeOfScalar(value.scalar)])
    case "enum":
      return new Set(["string"])
    case "null":
      return new Set()
    case "message": {
      const plan = planOf(value.desc)
      if (plan.union) return new Set(plan.fields.flatMap((field) => [...typesOf(field.value)]))
      const [inner] = plan.fields
      return plan.wrapper && inner!.shape === "single" ? typesOf(inner!.value) : new Set(["object"])
    }
    default:
      return new Set(["string", "number", "boolean", "object"])
  }
}

/** A property whose text tells which member an object is of. */
export interface Discriminant {
  property: string
  members: { field: FieldPlan; texts: string[] }[]
}

/** Finds the property that tells these members apart; undefined when there is none, or a member is no object. */
export function discriminantOf(fields: readonly FieldPlan[]): Discriminant | undefined {
  const plans = fields.map(({ value }) => (value.kind === "message" ? planOf(value.desc) : undefined))
  const [first] = plans
  if (fields.length < 2 || plans.some((plan) => !plan || plan.wrapper || plan.union || plan.tuple))
    return undefined
  for (const { name } of first!.fields) {
    const members = fields.map((field, i) => ({ field, texts: textsOf(plans[i]!.fields, name) }))
    const all = members.flatMap(({ texts }) => texts)
    const isTold = members.every(({ texts }) => texts.length > 0) && new Set(all).size === all.length
    if (isTold) return { property: name, members }
  }
  return undefined
}

/** The literals that a property always is one of. */
function textsOf(fields: readonly FieldPlan[], name: string): string[] {
  const field = fields.find((candidate) => candidate.name === name)
  if (field?.shape !== "single" || field.optional || field.nullable || field.value.kind !== "enum") return []
  return [...field.value.texts.values()]
}
