import type { Context } from "hono"
import { whyNotPortable } from "./portable.ts"

/** A context variable as it leaves the gateway. `value` is the type's name when it is unavailable. */
export type Variable = readonly [name: string, kind: VariableKind, value: unknown]

/** How a variable travels: the fields of the contract's `Variable`. */
type VariableKind = "text" | "number" | "boolean" | "json" | "unavailable"

/** What middleware set with `c.set`. What can't leave the process travels as its type's name. */
export function captureVariables(c: Context): Variable[] | undefined {
  let variables: Variable[] | undefined
  // c.var is made anew for each reading, so it is ours.
  const values = c.var as Record<string, unknown>
  for (const name in values) {
    const value = values[name]
    // Not having been set reads the same.
    if (value === undefined) continue
    variables ??= []
    variables.push(capture(name, value))
  }
  return variables
}

function capture(name: string, value: unknown): Variable {
  switch (typeof value) {
    case "string":
      return [name, "text", value]
    case "number":
      return [name, "number", value]
    case "boolean":
      return [name, "boolean", value]
    default: {
      const reason = whyNotPortable(value)
      return reason === undefined ? [name, "json", value] : [name, "unavailable", reason]
    }
  }
}
