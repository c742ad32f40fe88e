/**
 * The messages of an app before they have field numbers: what the types say, in protobuf's terms.
 *
 * @module
 */
import type { SourcePlace } from "./diagnostic.ts"

/** What a number may be declared as, when it is no double. */
export type NumberKind = "int32" | "uint32" | "int64" | "uint64" | "float"

/** What stands for any JSON value, object or array: a message of `google.protobuf`. */
export type JsonMessage = "Value" | "Struct" | "ListValue"

/** A field's type. */
export type TypeModel =
  | { kind: "string" | "double" | NumberKind | "bool" | "date" | "bigint" | "json" }
  /** A body that no type describes. */
  | { kind: "raw" }
  /** A file of a form. */
  | { kind: "file" }
  /** Any JSON value, null among them, or any object or array. */
  | { kind: "any"; name: JsonMessage }
  | { kind: "enum"; enum: EnumModel }
  | { kind: "message"; message: MessageModel }
  | { kind: "list"; element: TypeModel }
  | { kind: "map"; value: TypeModel }

/** A property of an object, or the value of a wrapper. */
export interface FieldModel {
  /** The property's name in JavaScript. */
  property: string
  type: TypeModel
  optional: boolean
  nullable: boolean
  doc?: string
  /** A map of all properties that no other field stands for. */
  rest?: boolean
  /** In a response message: the HTTP status. */
  status?: number
  /** A number that the contract fixes. */
  number?: number
}

/** Where a message comes from. */
export interface Origin {
  source: SourcePlace
  /** Such as `POST /orders/:shop`. */
  route: string
  /** Such as `response 200`; empty for all of the route. */
  part: string
}

/** A message. */
export interface MessageModel {
  name: string
  /** Where it is used first; those of all clients have none. */
  origin?: Origin
  fields: FieldModel[]
  shape: "object" | "wrapper" | "response" | "union" | "tuple"
  doc?: string
}

/** String literals. */
export interface EnumModel {
  name: string
  texts: string[]
}

/** A method of the app's service. */
export interface MethodModel {
  rpc: string
  method: string
  path: string
  request: MessageModel
  response: MessageModel
  doc?: string
}

/** A service and what it needs, in the order of the file. */
export interface ServiceModel {
  /** Such as `orders.v1`. */
  package: string
  service: string
  methods: MethodModel[]
  messages: MessageModel[]
  enums: EnumModel[]
}
