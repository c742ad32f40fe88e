/**
 * The app's service with messages that have no fields.
 *
 * The RPC library then keeps a message's bytes as unknown fields and writes them as they are. Our own codecs convert
 * them, and only where something needs them converted.
 *
 * @module
 */
import {
  clone,
  create,
  createFileRegistry,
  type DescFile,
  type DescMessage,
  type DescService,
  type Message,
} from "@bufbuild/protobuf"
import { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire"
import { DescriptorProtoSchema, FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt"

/** Makes the service of the same name and methods. */
export function opaqueService(service: DescService): DescService {
  const file = clone(FileDescriptorProtoSchema, service.file.proto)
  file.messageType = file.messageType.map(({ name }) => create(DescriptorProtoSchema, { name }))
  file.enumType = []
  file.extension = []
  file.dependency = []
  return createFileRegistry(file, unresolved).getService(service.typeName)!
}

// Nothing is imported any more.
function unresolved(): DescFile | undefined {
  return undefined
}

/** The bytes of a message that was parsed without fields. */
export function bytesOf(message: Message): Uint8Array {
  const writer = new BinaryWriter()
  for (const { no, wireType, data } of message.$unknown ?? []) writer.tag(no, wireType).raw(data)
  return writer.finish()
}

/** A message without fields that is written as these bytes. */
export function messageOf(desc: DescMessage, bytes: Uint8Array): Message {
  const message = create(desc)
  const reader = new BinaryReader(bytes)
  const fields = []
  while (reader.pos < reader.len) {
    const [no, wireType] = reader.tag()
    fields.push({ no, wireType, data: reader.skip(wireType, no) })
  }
  message.$unknown = fields
  return message
}
