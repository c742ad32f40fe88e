import { create, setExtension, toBinary } from "@bufbuild/protobuf"
import {
  type DescriptorProto,
  DescriptorProtoSchema,
  type EnumDescriptorProto,
  EnumDescriptorProtoSchema,
  EnumOptionsSchema,
  EnumValueOptionsSchema,
  type FieldDescriptorProto,
  FieldDescriptorProtoSchema,
  FieldOptionsSchema,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  file_google_protobuf_descriptor,
  file_google_protobuf_struct,
  FieldDescriptorProto_Label as Label,
  MessageOptionsSchema,
  FieldDescriptorProto_Type as Type,
} from "@bufbuild/protobuf/wkt"
import * as annotations from "../../src/gen/hono_faasm/v1/annotations_pb.ts"

/** How a test writes a field: its type and what FieldShape says of it. */
interface Field {
  /** `double`, `bool`, `string`, `int32`, ..., or the name of a message or enum; of google's, the full one. */
  type: string
  repeated?: boolean
  optional?: boolean
  nullable?: boolean
  date?: boolean
  json?: boolean
  bigint?: boolean
  /** A map of all other properties. */
  rest?: boolean
  status?: number
  /** Value type of a map. */
  map?: string
}

/** A test's schema: messages by name with their fields by property name; enums with their literals. */
export interface TestSchema {
  messages: Record<
    string,
    {
      wrapper?: boolean
      response?: boolean
      union?: boolean
      tuple?: boolean
      fields: Record<string, Field | string>
    }
  >
  enums?: Record<string, string[]>
}

const SCALARS: Record<string, Type> = {
  double: Type.DOUBLE,
  float: Type.FLOAT,
  int32: Type.INT32,
  uint32: Type.UINT32,
  int64: Type.INT64,
  uint64: Type.UINT64,
  bool: Type.BOOL,
  string: Type.STRING,
}

/** The schema as a binary FileDescriptorSet; package `t.v1`. Follows the conventions of annotations.proto. */
export function fileSet(schema: TestSchema): Uint8Array {
  const enums = Object.entries(schema.enums ?? {}).map(([name, literals]) => enumType(name, literals))
  const messages = Object.entries(schema.messages).map(([name, message]) =>
    messageType(name, message, schema),
  )
  const file = create(FileDescriptorProtoSchema, {
    name: "t/v1/t.proto",
    package: "t.v1",
    syntax: "proto3",
    dependency: ["google/protobuf/struct.proto", "hono_faasm/v1/annotations.proto"],
    messageType: messages,
    enumType: enums,
  })
  return toBinary(
    FileDescriptorSetSchema,
    create(FileDescriptorSetSchema, {
      file: [
        file_google_protobuf_descriptor.proto,
        file_google_protobuf_struct.proto,
        annotations.file_hono_faasm_v1_annotations.proto,
        file,
      ],
    }),
  )
}

function messageType(
  name: string,
  { wrapper = false, response = false, union = false, tuple = false, fields }: TestSchema["messages"][string],
  schema: TestSchema,
): DescriptorProto {
  const message = create(DescriptorProtoSchema, { name })
  if (response || union) {
    message.oneofDecl.push({ $typeName: "google.protobuf.OneofDescriptorProto", name: "body" })
  }
  const names = Object.keys(fields)
  let companion = names.length
  names.forEach((property, at) => {
    const written = fields[property]!
    const field = typeof written === "string" ? { type: written } : written
    addField(message, property, at + 1, field, schema, response || union)
    const many = field.repeated || field.map !== undefined
    if ((many && (field.optional || field.nullable)) || (field.optional && field.nullable)) {
      companion++
      const presence = create(FieldDescriptorProtoSchema, {
        name: `${snake(property)}_presence`,
        jsonName: `${property}Presence`,
        number: companion,
        type: Type.ENUM,
        typeName: ".hono_faasm.v1.Presence",
        label: Label.OPTIONAL,
        options: create(FieldOptionsSchema),
      })
      setExtension(
        presence.options!,
        annotations.field,
        create(annotations.FieldShapeSchema, { presenceOf: at + 1 }),
      )
      message.field.push(presence)
    }
  })
  if (wrapper || response || union || tuple) {
    message.options = create(MessageOptionsSchema)
    setExtension(
      message.options,
      annotations.message,
      create(annotations.MessageShapeSchema, { wrapper, response, union, tuple }),
    )
  }
  return message
}

function addField(
  message: DescriptorProto,
  property: string,
  number: number,
  field: Field,
  schema: TestSchema,
  response: boolean,
): void {
  const { optional = false, nullable = false, date = false, json = false, status = 0 } = field
  const { bigint = false, rest = false } = field
  const proto = create(FieldDescriptorProtoSchema, {
    name: snake(property),
    jsonName: property,
    number,
    label: field.repeated || field.map ? Label.REPEATED : Label.OPTIONAL,
    options: create(FieldOptionsSchema),
  })
  if (field.map !== undefined) {
    const entry = `${property[0]!.toUpperCase()}${property.slice(1)}Entry`
    const nested = create(DescriptorProtoSchema, { name: entry, options: { mapEntry: true } })
    nested.field.push(
      create(FieldDescriptorProtoSchema, {
        name: "key",
        jsonName: "key",
        number: 1,
        type: Type.STRING,
        label: Label.OPTIONAL,
      }),
    )
    const value = create(FieldDescriptorProtoSchema, {
      name: "value",
      jsonName: "value",
      number: 2,
      label: Label.OPTIONAL,
    })
    setType(value, field.map, schema)
    nested.field.push(value)
    message.nestedType.push(nested)
    proto.type = Type.MESSAGE
    proto.typeName = `.t.v1.${message.name}.${entry}`
  } else {
    setType(proto, field.type, schema)
  }
  const scalar = proto.type !== Type.MESSAGE
  if (response) {
    proto.oneofIndex = 0
  } else if (scalar && !field.repeated && (optional || nullable)) {
    proto.proto3Optional = true
    proto.oneofIndex = message.oneofDecl.length
    message.oneofDecl.push({ $typeName: "google.protobuf.OneofDescriptorProto", name: `_${proto.name}` })
  }
  setExtension(
    proto.options!,
    annotations.field,
    create(annotations.FieldShapeSchema, { optional, nullable, date, json, bigint, rest, status }),
  )
  message.field.push(proto)
}

function setType(proto: FieldDescriptorProto, type: string, schema: TestSchema): void {
  const scalar = SCALARS[type]
  if (scalar !== undefined) {
    proto.type = scalar
    return
  }
  proto.type = schema.enums && type in schema.enums ? Type.ENUM : Type.MESSAGE
  proto.typeName = type.startsWith("google.") ? `.${type}` : `.t.v1.${type}`
}

function enumType(name: string, literals: string[]): EnumDescriptorProto {
  const prefix = snake(name).toUpperCase()
  return create(EnumDescriptorProtoSchema, {
    name,
    options: create(EnumOptionsSchema),
    value: [
      { name: `${prefix}_UNSPECIFIED`, number: 0 },
      ...literals.map((text, at) => {
        const options = create(EnumValueOptionsSchema)
        setExtension(options, annotations.literal, create(annotations.LiteralShapeSchema, { text }))
        return { name: `${prefix}_${at + 1}`, number: at + 1, options }
      }),
    ],
  })
}

function snake(name: string): string {
  return name
    .replace(/[A-Z]/g, (letter, at) => (at === 0 ? letter : `_${letter}`).toLowerCase())
    .replace(/\W/g, "_")
}
