import { createHash } from "node:crypto"
import { join, resolve } from "node:path"
import { create, toBinary } from "@bufbuild/protobuf"
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  file_google_protobuf_descriptor,
} from "@bufbuild/protobuf/wkt"
import type ts from "typescript"
import { file_hono_faasm_v1_annotations } from "../gen/hono_faasm/v1/annotations_pb.ts"
import { describeService } from "./descriptor.ts"
import type { Diagnostic } from "./diagnostic.ts"
import { type Lock, readLock } from "./lock.ts"
import { printProto } from "./print-proto.ts"
import { appName, defaultAppName, Project } from "./project.ts"
import { readRoutes } from "./read-routes.ts"
import { type SchemaRoute, serviceModel } from "./service-model.ts"
import { snakeCase } from "./words.ts"

/** Options of {@link generateSchema}. */
export interface GenerateOptions {
  /** The module whose default export is the Hono app. */
  appFile: string
  /** Name of the app. Default: from the package.json beside it, else its folder. */
  appName?: string
  /** Directory of the published schema: its lock file keeps the numbers. */
  dir: string
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
  routes: SchemaRoute[]
  diagnostics: Diagnostic[]
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
  const { model, routes } = serviceModel(project, app, rows, diagnostics)
  const name = snakeCase(app)
  const path = `${name}/v1/${name}.proto`
  const { file, lock, docs } = describeService(model, path, readLock(join(options.dir, lockPath(path))))
  return {
    app,
    package: model.package,
    path,
    file,
    fileSet: toBinary(
      FileDescriptorSetSchema,
      create(FileDescriptorSetSchema, {
        file: [file_google_protobuf_descriptor.proto, file_hono_faasm_v1_annotations.proto, file],
      }),
    ),
    hash: hashOf(file),
    protoText: printProto(file, docs),
    docs,
    lock,
    routes,
    diagnostics,
    program: project.program,
  }
}

/** The lock file of a .proto file. */
export function lockPath(protoPath: string): string {
  return protoPath.replace(/\.proto$/, ".lock.json")
}

function hashOf(file: FileDescriptorProto): string {
  const hash = createHash("sha256")
    .update(toBinary(FileDescriptorProtoSchema, file))
    .digest("hex")
    .slice(0, 16)
  return hash === "0".repeat(16) ? `${"0".repeat(15)}1` : hash
}
