import { create, createFileRegistry, type DescFile, setExtension } from "@bufbuild/protobuf"
import {
  FieldOptionsSchema,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  FieldDescriptorProto_Label as Label,
  MessageOptionsSchema,
  FieldDescriptorProto_Type as Type,
} from "@bufbuild/protobuf/wkt"
import type { Build } from "../../src/gateway/build.ts"
import {
  FieldShapeSchema,
  field,
  file_hono_faasm_v1_annotations,
  MessageShapeSchema,
  message,
} from "../../src/gen/hono_faasm/v1/annotations_pb.ts"
import type { ManifestRoute } from "../../src/manifest.ts"

/** The hash of the schema that {@link testBuild} has. */
export const SCHEMA_HASH = "0123456789abcdef"

/** A route of the test's app; the rest has defaults: everything is needed, nothing validated. */
export type TestRoute = Pick<ManifestRoute, "index" | "method" | "path"> & Partial<ManifestRoute>

/** A build whose routes take `{ param: { id }, json: { n }, form: any }` and answer `{ text }` with status 200. */
export function testBuild(routes: TestRoute[]): Build {
  const registry = createFileRegistry(
    create(FileDescriptorSetSchema, { file: [...protosOf(file_hono_faasm_v1_annotations), schema()] }),
  )
  return {
    manifest: {
      format: 1,
      app: "test",
      user: "tester",
      schemaHash: SCHEMA_HASH,
      schema: "schema.binpb",
      functions: [],
      routes: routes.map((route) => ({
        rpc: "Test",
        request: "test.v1.TestRequest",
        response: "test.v1.TestResponse",
        function: "test-fn",
        needs: { headers: true, body: true, url: true, variables: true },
        validated: [],
        source: "app.ts:1",
        ...route,
      })),
    },
    schema: registry,
    messagesOf: ({ request, response }) => ({
      request: registry.getMessage(request)!,
      response: registry.getMessage(response)!,
    }),
  }
}

function schema(): FileDescriptorProto {
  const text = (name: string, number: number) => ({
    name,
    jsonName: name,
    number,
    type: Type.STRING,
    label: Label.OPTIONAL,
  })
  const part = (name: string, number: number, typeName: string) => ({
    ...text(name, number),
    type: Type.MESSAGE,
    typeName: `.test.v1.${typeName}`,
  })
  const file = create(FileDescriptorProtoSchema, {
    name: "test/v1/test.proto",
    package: "test.v1",
    syntax: "proto3",
    dependency: ["hono_faasm/v1/annotations.proto"],
    messageType: [
      {
        name: "TestRequest",
        field: [part("param", 1, "TestParam"), part("json", 6, "TestJson"), text("form", 5)],
      },
      { name: "TestParam", field: [text("id", 1)] },
      { name: "TestJson", field: [{ ...text("n", 1), type: Type.DOUBLE }] },
      { name: "TestOk", field: [text("text", 1)] },
      {
        name: "TestResponse",
        field: [{ ...part("ok", 1, "TestOk"), oneofIndex: 0 }],
        oneofDecl: [{ name: "body" }],
      },
    ],
  })
  const response = file.messageType[4]!
  response.options = create(MessageOptionsSchema)
  setExtension(response.options, message, create(MessageShapeSchema, { response: true }))
  response.field[0]!.options = create(FieldOptionsSchema)
  setExtension(response.field[0]!.options, field, create(FieldShapeSchema, { status: 200 }))
  const [param, json, any] = file.messageType[0]!.field
  for (const section of [param!, json!, any!]) {
    section.options = create(FieldOptionsSchema)
    setExtension(section.options, field, create(FieldShapeSchema, { optional: true, json: section === any }))
  }
  return file
}

function protosOf(file: DescFile): FileDescriptorProto[] {
  return [...file.dependencies.flatMap(protosOf), file.proto]
}
