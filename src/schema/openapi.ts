/**
 * The app's routes as an OpenAPI document, from the same descriptor as its service.
 *
 * @module
 */
import { STATUS_CODES } from "node:http"
import {
  createFileRegistry,
  type DescEnum,
  type DescField,
  type DescFile,
  type DescMessage,
  type DescMethod,
  fromBinary,
  getOption,
  hasOption,
  ScalarType,
} from "@bufbuild/protobuf"
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt"
import { isFormFile, isRawBody } from "../codec/message-shape.ts"
import {
  field as fieldOption,
  http as httpOption,
  literal as literalOption,
  message as messageOption,
} from "../gen/hono_faasm/v1/annotations_pb.ts"
import type { AppSchema } from "./generate.ts"

/** A JSON Schema (https://json-schema.org/draft/2020-12/schema), as OpenAPI 3.1 has it. */
type JsonSchema = Record<string, unknown>

/** An OpenAPI document (https://spec.openapis.org/oas/v3.1.1.html). */
export interface OpenApiDocument {
  openapi: "3.1.1"
  info: { title: string; version: string }
  paths: Record<string, Record<string, unknown>>
  components: { schemas: Record<string, JsonSchema> }
}

/** Methods that OpenAPI 3.1 has room for. */
const METHODS = new Set(["get", "put", "post", "delete", "options", "head", "patch", "trace"])

/** A route for every method is described by these. */
const ALL_METHODS = ["get", "post", "put", "patch", "delete"]

/** What stands for any JSON value, object or array. */
const JSON_VALUES: Record<string, JsonSchema> = {
  "google.protobuf.Value": {},
  "google.protobuf.Struct": { type: "object" },
  "google.protobuf.ListValue": { type: "array" },
}

/** Describes the routes of an app. */
export function openApiDocument(
  schema: Pick<AppSchema, "app" | "fileSet" | "path" | "docs">,
): OpenApiDocument {
  const files = createFileRegistry(fromBinary(FileDescriptorSetSchema, schema.fileSet))
  return new DocumentBuilder(schema.app, schema.docs).build(files.getFile(schema.path)!)
}

class DocumentBuilder {
  readonly #document: OpenApiDocument
  readonly #docs: ReadonlyMap<string, string>

  constructor(app: string, docs: ReadonlyMap<string, string>) {
    this.#docs = docs
    this.#document = {
      openapi: "3.1.1",
      info: { title: app, version: "1" },
      paths: {},
      components: { schemas: {} },
    }
  }

  build(file: DescFile): OpenApiDocument {
    for (const method of file.services.flatMap((service) => service.methods)) this.#method(method)
    const { schemas } = this.#document.components
    this.#document.components.schemas = Object.fromEntries(
      Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1)),
    )
    return this.#document
  }

  #method(method: DescMethod): void {
    const { method: verb, path } = getOption(method, httpOption)
    const verbs = verb === "ALL" ? ALL_METHODS : [verb.toLowerCase()].filter((name) => METHODS.has(name))
    if (verbs.length === 0) return
    for (const { template, params } of templatesOf(path)) {
      this.#document.paths[template] ??= {}
      const item = this.#document.paths[template]!
      for (const [at, name] of verbs.entries()) {
        // A route that comes later is never reached by the same request.
        item[name] ??= this.#operation(method, params, at === 0 ? method.name : `${method.name}${at + 1}`)
      }
    }
  }

  #operation(method: DescMethod, params: PathParam[], operationId: string): Record<string, unknown> {
    const sections = new Map(method.input.fields.map((field) => [field.name, field]))
    const inSection = (name: string) => sections.get(name)?.message?.fields.filter(isProperty) ?? []
    const types = new Map(inSection("param").map((field) => [field.jsonName, field]))
    const parameters = [
      ...params.map(({ name, pattern }) => {
        const type = types.get(name)
        const schema = type ? this.#field(type) : { type: "string" }
        return {
          name,
          in: "path",
          required: true,
          schema: pattern === undefined ? schema : { ...schema, pattern: `^(?:${pattern})$` },
        }
      }),
      ...(["query", "header", "cookie"] as const).flatMap((place) =>
        inSection(place).map((field) => ({
          name: field.jsonName,
          in: place,
          required: isRequired(field),
          ...this.#description(field),
          schema: this.#field(field),
        })),
      ),
    ]
    const doc = this.#docs.get(`${method.parent.name}.${method.name}`)
    const body = this.#requestBody(sections)
    return {
      operationId,
      ...(doc === undefined ? {} : describe(doc)),
      ...(parameters.length > 0 ? { parameters } : {}),
      ...(body ? { requestBody: body } : {}),
      responses: this.#responses(method.output),
    }
  }

  #requestBody(sections: Map<string, DescField>): Record<string, unknown> | undefined {
    const json = sections.get("json")
    if (json) return { required: true, content: { "application/json": { schema: this.#field(json) } } }
    const form = sections.get("form")
    if (form) {
      const schema = this.#field(form)
      const hasFiles = form.message?.fields.some(({ message }) => isFormFile(message))
      const urlencoded = hasFiles ? {} : { "application/x-www-form-urlencoded": { schema } }
      return { required: true, content: { "multipart/form-data": { schema }, ...urlencoded } }
    }
    return sections.has("raw") ? { content: { "*/*": {} } } : undefined
  }

  #responses(message: DescMessage): Record<string, unknown> {
    const declared = message.fields.filter((field) => !isRawBody(field.message))
    if (declared.length === 0) return { default: { description: "What the handler answers." } }
    return Object.fromEntries(
      declared.map((field) => {
        const status = shapeOf(field)?.status ?? 0
        const description =
          status === 0 ? "Every other status." : (STATUS_CODES[status] ?? `Status ${status}`)
        const content = { "application/json": { schema: this.#field(field) } }
        return [status === 0 ? "default" : `${status}`, { description, content }]
      }),
    )
  }

  /** What a field's value may be. */
  #field(field: DescField): JsonSchema {
    const value = this.#value(field)
    const schema =
      field.fieldKind === "list"
        ? { type: "array", items: value }
        : field.fieldKind === "map"
          ? { type: "object", additionalProperties: value }
          : value
    return shapeOf(field)?.nullable ? nullable(schema) : schema
  }

  /** What a value, or an element of a list or map, may be. */
  #value(field: DescField): JsonSchema {
    if (field.message) return this.#message(field.message)
    if (field.enum) return this.#enum(field.enum)
    const shape = shapeOf(field)
    if (shape?.json) return {}
    if (shape?.date) return { type: "string", format: "date-time" }
    if (shape?.bigint) return { type: "string", pattern: "^-?[0-9]+$" }
    return scalar(field.scalar!)
  }

  #message(desc: DescMessage): JsonSchema {
    if (isFormFile(desc)) return { type: "string", format: "binary" }
    const json = JSON_VALUES[desc.typeName]
    if (json) return json
    // A wrapper is there for protobuf; JSON has the value itself.
    if (hasOption(desc, messageOption) && getOption(desc, messageOption).wrapper) {
      return this.#field(desc.fields.find(isProperty)!)
    }
    const { schemas } = this.#document.components
    if (!Object.hasOwn(schemas, desc.name)) {
      // There before its own fields ask for it.
      schemas[desc.name] = {}
      schemas[desc.name] = this.#schema(desc)
    }
    return { $ref: `#/components/schemas/${desc.name}` }
  }

  #schema(desc: DescMessage): JsonSchema {
    const shape = hasOption(desc, messageOption) ? getOption(desc, messageOption) : undefined
    const fields = desc.fields.filter(isProperty)
    if (shape?.union) return { anyOf: fields.map((field) => this.#field(field)) }
    if (shape?.tuple) return this.#tuple(fields)
    const named = fields.filter((field) => !shapeOf(field)?.rest)
    const rest = fields.find((field) => shapeOf(field)?.rest)
    const required = named.filter(isRequired).map(({ jsonName }) => jsonName)
    const doc = this.#docs.get(desc.name)
    return {
      type: "object",
      ...(doc === undefined ? {} : { description: doc }),
      properties: Object.fromEntries(
        named.map((field) => [field.jsonName, { ...this.#description(field), ...this.#field(field) }]),
      ),
      ...(required.length > 0 ? { required } : {}),
      ...(rest ? { additionalProperties: this.#value(rest) } : {}),
    }
  }

  #tuple(fields: readonly DescField[]): JsonSchema {
    const rest = fields.find(({ fieldKind, jsonName }) => fieldKind === "list" && jsonName === "rest")
    const elements = fields
      .filter((field) => field !== rest)
      .sort((a, b) => Number(a.jsonName) - Number(b.jsonName))
    return {
      type: "array",
      prefixItems: elements.map((field) => this.#field(field)),
      minItems: elements.filter(isRequired).length,
      items: rest ? this.#value(rest) : false,
    }
  }

  #enum(desc: DescEnum): JsonSchema {
    const { schemas } = this.#document.components
    schemas[desc.name] ??= {
      type: "string",
      enum: desc.values.flatMap((value) =>
        hasOption(value, literalOption) ? [getOption(value, literalOption).text] : [],
      ),
    }
    return { $ref: `#/components/schemas/${desc.name}` }
  }

  #description(field: DescField): { description?: string } {
    const description = this.#docs.get(`${field.parent.name}.${field.name}`)
    return description === undefined ? {} : { description }
  }
}

interface PathParam {
  name: string
  /** A regular expression. */
  pattern: string | undefined
}

/** A pattern as paths of OpenAPI, of which one that ends in an optional parameter has two. */
function templatesOf(pattern: string): { template: string; params: PathParam[] }[] {
  const params: PathParam[] = []
  let wildcards = 0
  const fill = (path: string) => {
    params.length = 0
    wildcards = 0
    const template = path.replace(
      /\/(?::([^/{?]+)(?:\{((?:[^{}]|\{[^{}]*\})*)\})?\??|\*)/g,
      (_, name: string | undefined, constraint: string | undefined) => {
        if (name === undefined) wildcards += 1
        const unique = name ?? (wildcards === 1 ? "wildcard" : `wildcard${wildcards}`)
        params.push({ name: unique, pattern: constraint })
        return `/{${unique}}`
      },
    )
    return { template: template || "/", params: [...params] }
  }
  const optional = /\/:[^/{?]+(?:\{(?:[^{}]|\{[^{}]*\})*\})?\?$/.exec(pattern)
  return optional ? [fill(pattern.slice(0, optional.index)), fill(pattern)] : [fill(pattern)]
}

function describe(doc: string): { summary: string; description?: string } {
  const [summary = "", ...rest] = doc.split("\n")
  const description = rest.join("\n").trim()
  return description === "" ? { summary } : { summary, description }
}

function scalar(type: ScalarType): JsonSchema {
  switch (type) {
    case ScalarType.STRING:
      return { type: "string" }
    case ScalarType.BOOL:
      return { type: "boolean" }
    case ScalarType.DOUBLE:
      return { type: "number" }
    case ScalarType.FLOAT:
      return { type: "number", format: "float" }
    case ScalarType.INT32:
      return { type: "integer", format: "int32" }
    case ScalarType.INT64:
      return { type: "integer", format: "int64" }
    default:
      return { type: "integer", minimum: 0 }
  }
}

function nullable(schema: JsonSchema): JsonSchema {
  if (Object.keys(schema).length === 0) return schema
  const { type } = schema
  return typeof type === "string"
    ? { ...schema, type: [type, "null"] }
    : { anyOf: [schema, { type: "null" }] }
}

function isRequired(field: DescField): boolean {
  return !shapeOf(field)?.optional
}

/** Companions and raw bodies are no properties. */
function isProperty(field: DescField): boolean {
  return !shapeOf(field)?.presenceOf && !isRawBody(field.message)
}

function shapeOf(field: DescField) {
  return hasOption(field, fieldOption) ? getOption(field, fieldOption) : undefined
}
