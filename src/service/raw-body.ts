import { create, fromBinary, toBinary } from "@bufbuild/protobuf"
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire"
import { type RawBody, RawBodySchema } from "../gen/hono_faasm/v1/annotations_pb.ts"
import { delimitedFields } from "./delimited-fields.ts"

/** Reads the raw body in a message's field; the last one counts. Undefined when there is none. */
export function readRawBody(message: Uint8Array, field: number): RawBody | undefined {
  let body: RawBody | undefined
  for (const [number, content] of delimitedFields(message)) {
    if (number === field) body = fromBinary(RawBodySchema, content, { readUnknownFields: false })
  }
  return body
}

/** A message with nothing but a raw body. */
export function writeRawBody(
  field: number,
  status: number,
  contentType: string,
  data: Uint8Array,
): Uint8Array {
  const body = toBinary(RawBodySchema, create(RawBodySchema, { status, contentType, data }))
  return new BinaryWriter().tag(field, WireType.LengthDelimited).bytes(body).finish()
}
