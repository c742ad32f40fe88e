import { createHash } from "node:crypto"
import { join, resolve } from "node:path"
import { create, toBinary } from "@bufbuild/protobuf"
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  file_google_protobuf_descriptor,
  file_google_protobuf_struct,
} from "@bufbuild/protobuf/wkt"
import type ts from "typescript"
import { file_hono_faasm_v1_annotations } from "../gen/hono_faasm/v1/annotations_pb.ts"
import { describeService } from "./descriptor.ts"
import { type Diagnostic, diagnostic } from "./diagnostic.ts"
import type { Lock } from "./lock.ts"
import { describeChange, type LockChange, lockChanges } from "./lock-changes.ts"
import { readOwnLock } from "./lock-owner.ts"
import type { MessageModel, ServiceModel, TypeModel } from "./model.ts"
import { printProto } from "./print-proto.ts"
import { appName, defaultAppName, Project } from "./project.ts"
import { readRoutes } from "./read-routes.ts"
import { type RouteModel, serviceModel } from "./service-model.ts"
import { TypeNames } from "./type-names.ts"
import { snakeCase } from "./words.ts"

/** Options of {@link generateSchema}. */
export interface GenerateOptions {
  /** The module whose default export is the Hono app. */
  appFile: string
  /** Name of the app. Default: from the package.json beside it, else its folder. */
  appName?: string
  /** Directory of the published schema: its lock file keeps the numbers. */
  dir: string
  /** Also write HTTP bindings as `google.api.http`, for transcoders. Default false. */
  googleHttp?: boolean
}

/** A route of the app. */
export interface SchemaRoute extends Omit<RouteModel, "request" | "response"> {
  /** Full name of the request message. */
  request: string
  /** Full name of the response message. */
  response: string
}

/** The bodies of requests and responses that handlers declare. */
export interface BodyCounts {
  /** Those that are a message. */
  typed: number
  /** Those that travel as JSON text, since their type has no mapping. */
  json: number
}

/** An app's schema. */
export interface AppSchema {
  /** Name of the app: lower case, digits, dashes. */
  app: string
  /** Protobuf package, such as `orders.v1`. */
  package: string
  /** The .proto file, relative to the schema's directory. */
  path: string
  /** The schema's descriptor. */
  file: FileDescriptorProto
  /** Binary `FileDescriptorSet` of the schema and what it imports. */
  fileSet: Uint8Array
  /** Of all that decides what is on the wire: 16 hex digits, never all zero. */
  hash: string
  protoText: string
  /** Doc comments by `Message`, `Message.field` or `Service.Method`. */
  docs: ReadonlyMap<string, string>
  /** The lock, with what this schema added. */
  lock: Lock
  /** What is new, gone or of another type since the lock was written, a line each. */
  changes: string[]
  bodies: BodyCounts
  routes: SchemaRoute[]
  diagnostics: Diagnostic[]
  /** Absolute paths of the project's own files that the types come from. */
  sources: string[]
  /** For whoever wants to know more of the handlers. */
  program: ts.Program
}

/**
 * Makes the protobuf service of an app from the types of its handlers. Writes nothing.
 *
 * @throws SchemaError when the app can't be read
 */
export function generateSchema(options: GenerateOptions): AppSchema {
  const appFile = resolve(options.appFile)
  const project = new Project(appFile)
  const app = options.appName === undefined ? defaultAppName(appFile) : appName(options.appName)
  const diagnostics: Diagnostic[] = []
  const rows = readRoutes(project, diagnostics)
  const name = snakeCase(app)
  const path = `${name}/v1/${name}.proto`
  const dir = resolve(options.dir)
  const before = readOwnLock(join(dir, lockPath(path)), dir, appFile, app)
  const typeNames = new TypeNames(project, before.types, dir)
  const { model, routes: routeModels } = serviceModel(project, app, rows, typeNames, diagnostics)
  const { file, lock, docs } = describeService(model, path, { ...before, types: typeNames.locked })
  const fullName = (message: MessageModel) => `${model.package}.${message.name}`
  // Their messages have got their names only now.
  const routes = routeModels.map((route) => ({
    ...route,
    request: fullName(route.request),
    response: fullName(route.response),
  }))
  const changes = lockChanges(before, lock)
  const struct = file_google_protobuf_struct.proto
  diagnostics.push(...retypedFields(changes, model.messages))
  return {
    app,
    package: model.package,
    path,
    file,
    fileSet: toBinary(
      FileDescriptorSetSchema,
      create(FileDescriptorSetSchema, {
        file: [
          file_google_protobuf_descriptor.proto,
          ...(file.dependency.includes(struct.name) ? [struct] : []),
          file_hono_faasm_v1_annotations.proto,
          file,
        ],
      }),
    ),
    hash: hashOf(file),
    protoText: printProto(file, docs, options.googleHttp),
    docs,
    lock,
    changes: changes.map(describeChange),
    bodies: countBodies(model),
    routes,
    diagnostics,
    sources: project.program
      .getSourceFiles()
      .filter((file) => project.isOwn(file))
      .map(({ fileName }) => fileName),
    program: project.program,
  }
}

/** The lock file of a .proto file. */
export function lockPath(protoPath: string): string {
  return protoPath.replace(/\.proto$/, ".lock.json")
}

/** A field that gets another number is lost to clients of the schema before. */
function retypedFields(changes: readonly LockChange[], messages: readonly MessageModel[]): Diagnostic[] {
  return changes.flatMap((change) => {
    const origin = messages.find(({ name }) => name === change.owner)?.origin
    if (change.kind !== "retyped" || !origin) return []
    const hint = "clients of the schema before don't know it: keep the old type, or add another property"
    const type = change.after!.type ?? ""
    return [diagnostic({ code: "changed_type", ...origin, type, what: describeChange(change), hint })]
  })
}

function countBodies({ methods }: ServiceModel): BodyCounts {
  const bodies = methods.flatMap(({ request, response }) => [
    ...request.fields.filter(({ property }) => property === "json" || property === "form"),
    ...response.fields,
  ])
  const count = (kind: TypeModel["kind"]) => bodies.filter(({ type }) => type.kind === kind).length
  return { typed: count("message"), json: count("json") }
}

function hashOf(file: FileDescriptorProto): string {
  const hash = createHash("sha256")
    .update(toBinary(FileDescriptorProtoSchema, file))
    .digest("hex")
    .slice(0, 16)
  return hash === "0".repeat(16) ? `${"0".repeat(15)}1` : hash
}
