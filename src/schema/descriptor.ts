/**
 * The service's model as a protobuf descriptor, with numbers from the lock.
 *
 * @module
 */
import {
  create,
  type DescExtension,
  type ExtensionValueShape,
  type Message,
  setExtension,
} from "@bufbuild/protobuf"
import {
  type DescriptorProto,
  DescriptorProtoSchema,
  type EnumDescriptorProto,
  EnumDescriptorProtoSchema,
  EnumValueDescriptorProtoSchema,
  EnumValueOptionsSchema,
  type FieldDescriptorProto,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FieldDescriptorProtoSchema,
  FieldOptionsSchema,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  file_google_protobuf_struct,
  MessageOptionsSchema,
  MethodDescriptorProtoSchema,
  MethodOptions_IdempotencyLevel,
  MethodOptionsSchema,
  ServiceDescriptorProtoSchema,
} from "@bufbuild/protobuf/wkt"
import {
  type FieldShape,
  FieldShapeSchema,
  FormFileSchema,
  field as fieldOption,
  HttpRouteSchema,
  http as httpOption,
  LiteralShapeSchema,
  literal as literalOption,
  MessageShapeSchema,
  message as messageOption,
  RawBodySchema,
} from "../gen/hono_faasm/v1/annotations_pb.ts"
import { assign, type Lock, type LockedNumber } from "./lock.ts"
import type { EnumModel, FieldModel, MessageModel, ServiceModel, TypeModel } from "./model.ts"
import { defaultJsonName, snakeCase, upperSnakeCase } from "./words.ts"

const { STRING, BOOL, MESSAGE, ENUM } = FieldDescriptorProto_Type
/** Types of numbers. */
const NUMBERS = {
  double: FieldDescriptorProto_Type.DOUBLE,
  float: FieldDescriptorProto_Type.FLOAT,
  int32: FieldDescriptorProto_Type.INT32,
  uint32: FieldDescriptorProto_Type.UINT32,
  int64: FieldDescriptorProto_Type.INT64,
  uint64: FieldDescriptorProto_Type.UINT64,
}
const { OPTIONAL, REPEATED } = FieldDescriptorProto_Label
const { NO_SIDE_EFFECTS } = MethodOptions_IdempotencyLevel

/** A descriptor, and the lock with what it added. */
export interface Described {
  file: FileDescriptorProto
  lock: Lock
  /** Doc comments by `Message`, `Message.field` or `Service.Method`. */
  docs: Map<string, string>
}

/** Describes a service. */
export function describeService(model: ServiceModel, path: string, before: Lock): Described {
  return new Describer(model, path, before).describe()
}

class Describer {
  readonly #model: ServiceModel
  readonly #path: string
  readonly #before: Lock
  readonly #lock: Lock
  readonly #docs = new Map<string, string>()
  #hasJsonValues = false

  constructor(model: ServiceModel, path: string, before: Lock) {
    this.#model = model
    this.#path = path
    this.#before = before
    // What is not in the app any more keeps its numbers, should it come back.
    this.#lock = { ...before, messages: { ...before.messages }, enums: { ...before.enums } }
  }

  describe(): Described {
    const { package: name, service, methods, messages, enums } = this.#model
    this.#renameReused()
    const file = create(FileDescriptorProtoSchema, {
      name: this.#path,
      package: name,
      syntax: "proto3",
      dependency: ["hono_faasm/v1/annotations.proto"],
      messageType: messages.map((message) => this.#message(message)),
      enumType: enums.map((model) => this.#enum(model)),
      service: [
        create(ServiceDescriptorProtoSchema, {
          name: service,
          method: methods.map(({ rpc, method, path, request, response, doc }) => {
            if (doc) this.#docs.set(`${service}.${rpc}`, doc)
            return create(MethodDescriptorProtoSchema, {
              name: rpc,
              inputType: this.#typeName(request.name),
              outputType: this.#typeName(response.name),
              options: withOption(
                create(MethodOptionsSchema, isSafe(method) ? { idempotencyLevel: NO_SIDE_EFFECTS } : {}),
                httpOption,
                create(HttpRouteSchema, { method, path }),
              ),
            })
          }),
        }),
      ],
    })
    if (this.#hasJsonValues) file.dependency.unshift(file_google_protobuf_struct.proto.name)
    this.#lock.messages = sorted(this.#lock.messages)
    this.#lock.enums = sorted(this.#lock.enums)
    return { file, lock: this.#lock, docs: this.#docs }
  }

  /**
   * A name that stood for something else goes on to stand for that. A wrapper's value always has number 1, so one of
   * another type is something else as well; those within others come first in the model.
   */
  #renameReused(): void {
    const { messages, enums } = this.#model
    const names = new Set([...messages, ...enums].map(({ name }) => name))
    const rename = (model: MessageModel | EnumModel, isOther: (name: string) => boolean) => {
      if (!isOther(model.name)) return
      let n = 2
      while (names.has(`${model.name}${n}`) || isOther(`${model.name}${n}`)) n++
      model.name = `${model.name}${n}`
      names.add(model.name)
    }
    const before = this.#before
    for (const model of enums) rename(model, (name) => Object.hasOwn(before.messages, name))
    const isOtherShape = (name: string, shape: MessageModel["shape"]) => {
      const message = before.messages[name]
      return Object.hasOwn(before.enums, name) || (message?.shape ?? (message ? "object" : shape)) !== shape
    }
    for (const model of messages) {
      if (model.shape !== "wrapper") rename(model, (name) => isOtherShape(name, model.shape))
    }
    for (const model of messages) {
      if (model.shape !== "wrapper") continue
      const type = typeText(model.fields[0]!.type)
      const typeBefore = (name: string) => before.messages[name]?.fields.value?.type ?? type
      rename(model, (name) => isOtherShape(name, "wrapper") || typeBefore(name) !== type)
    }
  }

  #typeName(name: string): string {
    return `.${this.#model.package}.${name}`
  }

  #message(model: MessageModel): DescriptorProto {
    const { name, fields, shape } = model
    if (model.doc) this.#docs.set(name, model.doc)
    const locked = this.#before.messages[name] ?? { fields: {} }
    const companions = Object.values(locked.presence ?? {})
    const wanted = fields.map((field) => ({
      key: field.property,
      name: fieldName(model, field),
      type: typeText(field.type),
      prefer: shape === "wrapper" ? 1 : field.number,
    }))
    const { entries, reserved } = assign(locked.fields, locked.reserved ?? [], wanted, companions)
    const presence = assign(
      locked.presence ?? {},
      reserved,
      fields.filter(needsPresence).map(({ property }) => ({
        key: property,
        name: `${entries.get(property)!.name}_presence`,
      })),
      [...entries.values()],
    )
    const message = create(DescriptorProtoSchema, { name })
    if (shape !== "object") {
      const value = create(MessageShapeSchema, { [shape]: true })
      message.options = withOption(create(MessageOptionsSchema), messageOption, value)
    }
    if (shape === "response" && fields.length > 0) message.oneofDecl.push({ name: "body" } as never)
    if (shape === "union") message.oneofDecl.push({ name: "value" } as never)
    for (const field of fields) {
      const entry = entries.get(field.property)!
      if (field.doc) this.#docs.set(`${name}.${entry.name}`, field.doc)
      const described = this.#field(field, entry.name, shape, message)
      described.number = entry.number
      message.field.push(described)
      const companion = presence.entries.get(field.property)
      if (companion) message.field.push(presenceField(companion, entry.number))
    }
    // Synthetic oneofs come after the real one.
    for (const field of message.field) {
      if (!field.proto3Optional) continue
      field.oneofIndex = message.oneofDecl.length
      message.oneofDecl.push({ name: `_${field.name}` } as never)
    }
    message.oneofDecl = create(DescriptorProtoSchema, { oneofDecl: message.oneofDecl }).oneofDecl
    this.#lock.messages[name] = {
      ...(shape === "object" ? {} : { shape }),
      fields: Object.fromEntries(entries),
      ...(presence.entries.size > 0 ? { presence: Object.fromEntries(presence.entries) } : {}),
      ...(presence.reserved.length > 0 ? { reserved: presence.reserved } : {}),
    }
    const past = presence.reserved.map(({ number }) => ({ start: number, end: number + 1 }))
    message.reservedRange = create(DescriptorProtoSchema, { reservedRange: past }).reservedRange
    message.reservedName = presence.reserved.map((entry) => entry.name)
    return message
  }

  #field(
    model: FieldModel,
    name: string,
    shape: MessageModel["shape"],
    message: DescriptorProto,
  ): FieldDescriptorProto {
    const { type, optional, nullable, property, status } = model
    const field = create(FieldDescriptorProtoSchema, {
      name,
      // Members of a response and of a union stand for no property, nor does a map of all others.
      jsonName: shape === "response" || shape === "union" || model.rest ? defaultJsonName(name) : property,
      label: type.kind === "list" || type.kind === "map" ? REPEATED : OPTIONAL,
    })
    this.#setType(field, type, message)
    if (shape === "response" || shape === "union") field.oneofIndex = 0
    else if ((optional || nullable) && field.label === OPTIONAL) field.proto3Optional = true
    const inner = type.kind === "list" ? type.element : type.kind === "map" ? type.value : type
    const option = {
      ...(optional ? { optional } : {}),
      ...(nullable ? { nullable } : {}),
      ...(inner.kind === "date" ? { date: true } : {}),
      ...(inner.kind === "json" ? { json: true } : {}),
      ...(inner.kind === "bigint" ? { bigint: true } : {}),
      ...(model.rest ? { rest: true } : {}),
      // 0 is what no option says: every other status.
      ...(status ? { status } : {}),
    }
    if (Object.keys(option).length > 0) field.options = shapeOption(option)
    return field
  }

  #setType(field: FieldDescriptorProto, type: TypeModel, message: DescriptorProto): void {
    switch (type.kind) {
      case "string":
      case "date":
      case "bigint":
      case "json":
        field.type = STRING
        return
      case "double":
      case "float":
      case "int32":
      case "uint32":
      case "int64":
      case "uint64":
        field.type = NUMBERS[type.kind]
        return
      case "bool":
        field.type = BOOL
        return
      case "raw":
        field.type = MESSAGE
        field.typeName = `.${RawBodySchema.typeName}`
        return
      case "file":
        field.type = MESSAGE
        field.typeName = `.${FormFileSchema.typeName}`
        return
      case "any":
        field.type = MESSAGE
        field.typeName = `.google.protobuf.${type.name}`
        this.#hasJsonValues = true
        return
      case "enum":
        field.type = ENUM
        field.typeName = this.#typeName(type.enum.name)
        return
      case "message":
        field.type = MESSAGE
        field.typeName = this.#typeName(type.message.name)
        return
      case "list":
        this.#setType(field, type.element, message)
        return
      case "map": {
        const entry = `${entryName(field.name)}Entry`
        const value = create(FieldDescriptorProtoSchema, {
          name: "value",
          number: 2,
          label: OPTIONAL,
          jsonName: "value",
        })
        this.#setType(value, type.value, message)
        message.nestedType.push(
          create(DescriptorProtoSchema, {
            name: entry,
            field: [{ name: "key", number: 1, label: OPTIONAL, type: STRING, jsonName: "key" }, value],
            options: { mapEntry: true },
          }),
        )
        field.type = MESSAGE
        field.typeName = `${this.#typeName(message.name)}.${entry}`
      }
    }
  }

  #enum({ name, texts }: EnumModel): EnumDescriptorProto {
    const prefix = upperSnakeCase(name)
    const zero = { name: `${prefix}_UNSPECIFIED`, number: 0 }
    const locked = this.#before.enums[name] ?? { values: {} }
    const wanted = texts.map((text) => ({ key: text, name: `${prefix}_${upperSnakeCase(text) || "OTHER"}` }))
    const { entries, reserved } = assign(locked.values, locked.reserved ?? [], wanted, [zero])
    this.#lock.enums[name] = {
      values: Object.fromEntries(entries),
      ...(reserved.length > 0 ? { reserved } : {}),
    }
    return create(EnumDescriptorProtoSchema, {
      name,
      value: [
        zero,
        ...[...entries]
          .map(([text, { name, number }]) =>
            create(EnumValueDescriptorProtoSchema, {
              name,
              number,
              options: withOption(
                create(EnumValueOptionsSchema),
                literalOption,
                create(LiteralShapeSchema, { text }),
              ),
            }),
          )
          .sort((a, b) => a.number - b.number),
      ],
      // The end of an enum's range is part of it.
      reservedRange: reserved.map(({ number }) => ({ start: number, end: number })),
      reservedName: reserved.map((entry) => entry.name),
    })
  }
}

/** Whether a client may send it by HTTP GET, so that caches can answer (RFC 9110, section 9.2.1). */
function isSafe(method: string): boolean {
  return method === "GET" || method === "HEAD"
}

/** The companion of the field with a number. */
function presenceField({ name, number }: LockedNumber, of: number): FieldDescriptorProto {
  return create(FieldDescriptorProtoSchema, {
    name,
    number,
    jsonName: defaultJsonName(name),
    type: ENUM,
    label: OPTIONAL,
    typeName: ".hono_faasm.v1.Presence",
    options: shapeOption({ presenceOf: of }),
  })
}

/** Null, empty and absent can't be told apart by the field alone. */
function needsPresence({ type, optional, nullable }: FieldModel): boolean {
  // A form has no list without elements.
  if (type.kind === "list" && type.element.kind === "file") return false
  const collection = type.kind === "list" || type.kind === "map"
  return collection ? optional || nullable : optional && nullable
}

/** The name that a field gets unless it is taken. */
function fieldName({ shape }: MessageModel, { property, rest }: FieldModel): string {
  if (rest) return "additional_properties"
  return shape === "tuple" && property !== "rest" ? `item_${property}` : snakeCase(property)
}

/** What must not change for a field to keep its number. */
function typeText(type: TypeModel): string {
  switch (type.kind) {
    case "enum":
      return type.enum.name
    case "message":
      return type.message.name
    case "any":
      return `google.protobuf.${type.name}`
    case "list":
      return `${typeText(type.element)}[]`
    case "map":
      return `map<${typeText(type.value)}>`
    case "date":
    case "bigint":
      return "string"
    default:
      return type.kind
  }
}

/** The name that protoc gives a map field's entry type. */
function entryName(field: string): string {
  const camel = field.replace(/_+([A-Za-z0-9]?)/g, (_, next: string) => next.toUpperCase())
  return camel.charAt(0).toUpperCase() + camel.slice(1)
}

function shapeOption(shape: Partial<Omit<FieldShape, "$typeName">>) {
  return withOption(create(FieldOptionsSchema), fieldOption, create(FieldShapeSchema, shape as never))
}

function withOption<Options extends Message, Extension extends DescExtension>(
  options: Options,
  extension: Extension,
  value: ExtensionValueShape<Extension>,
): Options {
  setExtension(options as never, extension, value as never)
  return options
}

function sorted<T>(record: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)))
}
