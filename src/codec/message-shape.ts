import { type DescEnum, type DescMessage, getOption } from "@bufbuild/protobuf"
import {
  FormFileSchema,
  type MessageShape,
  message as messageOption,
  RawBodySchema,
} from "../gen/hono_faasm/v1/annotations_pb.ts"

const VALUE = "google.protobuf.Value"
const STRUCT = "google.protobuf.Struct"
const LIST_VALUE = "google.protobuf.ListValue"

/** Whether it is the message of any JSON value: a union that null is a member of. Without a member it is null. */
export function isJsonValue({ typeName }: DescMessage): boolean {
  return typeName === VALUE
}

/** Whether it is the message of any JSON value, object or array. */
export function isJsonMessage({ typeName }: DescMessage): boolean {
  return typeName === VALUE || typeName === STRUCT || typeName === LIST_VALUE
}

/** Whether it is the message of a body that has no type. */
export function isRawBody(message: DescMessage | undefined): boolean {
  return message?.typeName === RawBodySchema.typeName
}

/** Whether it is the message of a file in a form. */
export function isFormFile(message: DescMessage | undefined): boolean {
  return message?.typeName === FormFileSchema.typeName
}

/** What only clients of the service give or get: a function has nothing of it. */
export function isForClients(message: DescMessage | undefined): boolean {
  return isRawBody(message) || isFormFile(message)
}

/** Whether it is the enum that stands for null. */
export function isNull({ typeName }: DescEnum): boolean {
  return typeName === "google.protobuf.NullValue"
}

/** What a message stands for. Those of JSON values have no annotations, but are like some that have. */
export function shapeOf(desc: DescMessage): Pick<MessageShape, "wrapper" | "response" | "union" | "tuple"> {
  if (!isJsonMessage(desc)) return getOption(desc, messageOption)
  const union = isJsonValue(desc)
  return { wrapper: !union, response: false, union, tuple: false }
}
