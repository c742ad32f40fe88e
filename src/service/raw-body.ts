import { create, fromBinary, toBinary } from "@bufbuild/protobuf"
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire"
import { type RawBody, RawBodySchema } from "../gen/hono_faasm/v1/annotations_pb.ts"

/** Reads the raw body in a message's field; the last one counts. Undefined when there is none. */
export function readRawBody(message: Uint8Array, field: number): RawBody | undefined {
  const reader = new BinaryReader(message)
  let body: RawBody | undefined
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag()
    if (number === field && wireType === WireType.LengthDelimited) {
      body = fromBinary(RawBodySchema, reader.bytes(), { readUnknownFields: false })
    } else reader.skip(wireType, number)
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
