/**
 * The app's service with messages that are not parsed.
 *
 * Our own codecs convert them, and only where something needs them converted. A request has the bytes of each of its
 * sections, which the RPC library reads as one field of bytes; an answer is written as it is.
 *
 * @module
 */
import {
  clone,
  create,
  createFileRegistry,
  type DescField,
  type DescFile,
  type DescMessage,
  type DescService,
  type Message,
} from "@bufbuild/protobuf"
import { reflect } from "@bufbuild/protobuf/reflect"
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire"
import {
  DescriptorProtoSchema,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FieldDescriptorProtoSchema,
  FileDescriptorProtoSchema,
} from "@bufbuild/protobuf/wkt"

/** Makes the service of the same name and methods. */
export function opaqueService(service: DescService): DescService {
  const inputs = new Map(service.methods.map(({ input }) => [input.name, input]))
  const file = clone(FileDescriptorProtoSchema, service.file.proto)
  // In proto2, a field that is there and empty differs from one that is not.
  file.syntax = "proto2"
  file.messageType = file.messageType.map(({ name }) =>
    create(DescriptorProtoSchema, { name, field: (inputs.get(name)?.fields ?? []).map(sectionOf) }),
  )
  file.enumType = []
  file.extension = []
  file.dependency = []
  return createFileRegistry(file, unresolved).getService(service.typeName)!
}

/** All of a request are messages or texts, which have the form of bytes. */
function sectionOf({ name, number }: DescField) {
  return create(FieldDescriptorProtoSchema, {
    name,
    number,
    type: FieldDescriptorProto_Type.BYTES,
    label: FieldDescriptorProto_Label.OPTIONAL,
  })
}

// Nothing is imported any more.
function unresolved(): DescFile | undefined {
  return undefined
}

/** A request's bytes: its sections in the order of their numbers. Of one that came twice, the last. */
export function bytesOf(desc: DescMessage, request: Message): Uint8Array {
  const message = reflect(desc, request)
  const writer = new BinaryWriter()
  for (const field of message.sortedFields) {
    if (message.isSet(field)) {
      writer.tag(field.number, WireType.LengthDelimited).bytes(message.get(field) as Uint8Array)
    }
  }
  return writer.finish()
}

/** A message without fields that is written as these bytes. */
export function messageOf(desc: DescMessage, bytes: Uint8Array): Message {
  const message = create(desc)
  if (bytes.length > 0) {
    const reader = new BinaryReader(bytes)
    const [no, wireType] = reader.tag()
    // Whatever follows the first tag counts as that field: there may be millions of others.
    message.$unknown = [{ no, wireType, data: bytes.subarray(reader.pos) }]
  }
  return message
}
