import { type DescMessage, getOption } from "@bufbuild/protobuf"
import { field as fieldOption } from "../gen/hono_faasm/v1/annotations_pb.ts"

/** For JSON.stringify, which has no bigint: its digits, of which a validator or the guest makes one again. */
export function bigintText(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? `${value}` : value
}

/** Whether a value of the message may have a bigint in it. */
export function hasBigint(desc: DescMessage, seen = new Set<DescMessage>()): boolean {
  if (seen.has(desc)) return false
  seen.add(desc)
  return desc.fields.some(
    (field) => getOption(field, fieldOption).bigint || (field.message && hasBigint(field.message, seen)),
  )
}
