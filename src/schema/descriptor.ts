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
  MessageOptionsSchema,
  MethodDescriptorProtoSchema,
  MethodOptionsSchema,
  ServiceDescriptorProtoSchema,
} from "@bufbuild/protobuf/wkt"
import {
  type FieldShape,
  FieldShapeSchema,
  field as fieldOption,
  HttpRouteSchema,
  http as httpOption,
  LiteralShapeSchema,
  literal as literalOption,
  MessageShapeSchema,
  message as messageOption,
} from "../gen/hono_faasm/v1/annotations_pb.ts"
import { enumNumbers, type Lock, MessageNumbers } from "./lock.ts"
import type { EnumModel, FieldModel, MessageModel, ServiceModel, TypeModel } from "./model.ts"
import { defaultJsonName, snakeCase, UniqueNames, upperSnakeCase } from "./words.ts"

const { STRING, DOUBLE, BOOL, MESSAGE, ENUM } = FieldDescriptorProto_Type
const { OPTIONAL, REPEATED } = FieldDescriptorProto_Label

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

  constructor(model: ServiceModel, path: string, before: Lock) {
    this.#model = model
    this.#path = path
    this.#before = before
    // What is not in the app any more keeps its numbers, should it come back.
    this.#lock = { version: 1, messages: { ...before.messages }, enums: { ...before.enums } }
  }

  describe(): Described {
    const { package: name, service, methods, messages, enums } = this.#model
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
                create(MethodOptionsSchema),
                httpOption,
                create(HttpRouteSchema, { method, path }),
              ),
            })
          }),
        }),
      ],
    })
    this.#lock.messages = sorted(this.#lock.messages)
    this.#lock.enums = sorted(this.#lock.enums)
    return { file, lock: this.#lock, docs: this.#docs }
  }

  #typeName(name: string): string {
    return `.${this.#model.package}.${name}`
  }

  #message(model: MessageModel): DescriptorProto {
    const { name, fields, shape } = model
    if (model.doc) this.#docs.set(name, model.doc)
    const numbers = new MessageNumbers(this.#before.messages[name])
    const names = new UniqueNames()
    const message = create(DescriptorProtoSchema, { name })
    if (shape !== "object") {
      const value = create(MessageShapeSchema, { [shape]: true })
      message.options = withOption(create(MessageOptionsSchema), messageOption, value)
    }
    if (shape === "response" && fields.length > 0) message.oneofDecl.push({ name: "body" } as never)
    for (const { number } of fields) if (number !== undefined) numbers.hold(number)
    if (shape === "wrapper") numbers.hold(1)
    const jsonNames = new Set(fields.map(({ property }) => property))
    const protoNames = fields.map(({ property }) => names.take(snakeCase(property), "_"))
    fields.forEach((field, i) => {
      const protoName = protoNames[i]!
      if (field.doc) this.#docs.set(`${name}.${protoName}`, field.doc)
      const described = this.#field(field, protoName, shape, message)
      const fixed = shape === "wrapper" ? 1 : field.number
      described.number = numbers.number(protoName, typeText(field.type), fixed)
      message.field.push(described)
      if (!needsPresence(field)) return
      let companion = names.take(`${protoName}_presence`, "_")
      while (jsonNames.has(defaultJsonName(companion))) companion = names.take(`${protoName}_presence`, "_")
      message.field.push(
        create(FieldDescriptorProtoSchema, {
          name: companion,
          number: numbers.number(companion, "Presence"),
          jsonName: defaultJsonName(companion),
          type: ENUM,
          label: OPTIONAL,
          typeName: ".hono_faasm.v1.Presence",
          options: shapeOption({ presenceOf: described.number }),
        }),
      )
    })
    // Synthetic oneofs come after the real one.
    for (const field of message.field) {
      if (!field.proto3Optional) continue
      field.oneofIndex = message.oneofDecl.length
      message.oneofDecl.push({ name: `_${field.name}` } as never)
    }
    message.oneofDecl = create(DescriptorProtoSchema, { oneofDecl: message.oneofDecl }).oneofDecl
    const locked = numbers.finish()
    this.#lock.messages[name] = locked
    const present = new Set(message.field.map((field) => field.name))
    for (const [number, old] of Object.entries(locked.reserved ?? {})) {
      message.reservedRange.push(
        create(DescriptorProtoSchema, {
          reservedRange: [{ start: Number(number), end: Number(number) + 1 }],
        }).reservedRange[0]!,
      )
      if (!present.has(old) && !message.reservedName.includes(old)) message.reservedName.push(old)
    }
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
      // A response's fields are named by status, which their option has.
      jsonName: shape === "response" ? defaultJsonName(name) : property,
      label: type.kind === "list" || type.kind === "map" ? REPEATED : OPTIONAL,
    })
    this.#setType(field, type, message)
    if (shape === "response") field.oneofIndex = 0
    else if ((optional || nullable) && field.label === OPTIONAL) field.proto3Optional = true
    const inner = type.kind === "list" ? type.element : type.kind === "map" ? type.value : type
    const option = {
      ...(optional ? { optional } : {}),
      ...(nullable ? { nullable } : {}),
      ...(inner.kind === "date" ? { date: true } : {}),
      ...(inner.kind === "json" ? { json: true } : {}),
      ...(status === undefined ? {} : { status }),
    }
    if (Object.keys(option).length > 0) field.options = shapeOption(option)
    return field
  }

  #setType(field: FieldDescriptorProto, type: TypeModel, message: DescriptorProto): void {
    switch (type.kind) {
      case "string":
      case "date":
      case "json":
        field.type = STRING
        return
      case "double":
        field.type = DOUBLE
        return
      case "bool":
        field.type = BOOL
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
    const names = new UniqueNames()
    const zero = names.take(`${prefix}_UNSPECIFIED`)
    const valueNames = texts.map((text) => names.take(`${prefix}_${upperSnakeCase(text) || "OTHER"}`, "_"))
    const locked = enumNumbers(this.#before.enums[name], valueNames)
    this.#lock.enums[name] = locked
    const reserved = Object.entries(locked.reserved ?? {})
    return create(EnumDescriptorProtoSchema, {
      name,
      value: [
        { name: zero, number: 0 },
        ...texts
          .map((text, i) =>
            create(EnumValueDescriptorProtoSchema, {
              name: valueNames[i],
              number: locked.values[valueNames[i]!],
              options: withOption(
                create(EnumValueOptionsSchema),
                literalOption,
                create(LiteralShapeSchema, { text }),
              ),
            }),
          )
          .sort((a, b) => a.number - b.number),
      ],
      reservedRange: reserved.map(([number]) => ({ start: Number(number), end: Number(number) })),
      reservedName: reserved.map(([, old]) => old),
    })
  }
}

/** Null, empty and absent can't be told apart by the field alone. */
function needsPresence({ type, optional, nullable }: FieldModel): boolean {
  const collection = type.kind === "list" || type.kind === "map"
  return collection ? optional || nullable : optional && nullable
}

/** What must not change for a field to keep its number. */
function typeText(type: TypeModel): string {
  switch (type.kind) {
    case "enum":
      return type.enum.name
    case "message":
      return type.message.name
    case "list":
      return `${typeText(type.element)}[]`
    case "map":
      return `map<${typeText(type.value)}>`
    case "date":
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
