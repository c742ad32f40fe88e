import { BinaryReader, WireType } from "@bufbuild/protobuf/wire"

/** Numbers and contents of the fields of a message that have a length, in the order in which they came. */
export function* delimitedFields(message: Uint8Array): Generator<[number: number, content: Uint8Array]> {
  const reader = new BinaryReader(message)
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag()
    if (wireType === WireType.LengthDelimited) yield [number, reader.bytes()]
    else reader.skip(wireType, number)
  }
}
