import type { DescField, DescFile, DescMessage, DescMethod, DescService } from "@bufbuild/protobuf"
import { getOption, hasOption } from "@bufbuild/protobuf"
import { compileCodec, type MessageCodec } from "../codec/index.ts"
import { isRawBody } from "../codec/message-shape.ts"
import { field as fieldOption } from "../gen/hono_faasm/v1/annotations_pb.ts"
import type { Manifest, ManifestRoute } from "../manifest.ts"
import { fileFields } from "./form-files.ts"
import { ServiceError } from "./service-error.ts"

/** A method of the app's service, and the route that it stands for. */
export interface ServiceMethod {
  readonly rpc: DescMethod
  readonly route: ManifestRoute
  readonly request: MessageCodec
  readonly response: MessageCodec
  /** Number of the request's field for a body without validator; undefined when the route has none. */
  readonly rawRequest: number | undefined
  /** The form may have files. */
  readonly hasFiles: boolean
  /** Number of the response's field for what is no declared body. */
  readonly rawResponse: number
  /** HTTP statuses by the number of their field in the response message. */
  readonly statuses: ReadonlyMap<number, number>
}

/** An app's service. */
export interface AppService {
  readonly desc: DescService
  readonly methods: readonly ServiceMethod[]
}

/**
 * Finds the service in a build's schema.
 *
 * @throws {@link ServiceError} `bad_schema`
 */
export function readService(files: Iterable<DescFile>, manifest: Manifest): AppService {
  const names = new Set(manifest.routes.map(({ request }) => request))
  for (const { services } of files) {
    for (const desc of services) {
      if (!desc.methods.some(({ input }) => names.has(input.typeName))) continue
      return { desc, methods: manifest.routes.map((route) => readMethod(desc, route)) }
    }
  }
  throw new ServiceError(
    "bad_schema",
    "the build's schema has no service for its routes; build the app again",
  )
}

function readMethod(service: DescService, route: ManifestRoute): ServiceMethod {
  const rpc = service.methods.find(({ name }) => name === route.rpc)
  const rawResponse = rpc && rawField(rpc.output)
  if (!rpc || rawResponse === undefined) {
    throw new ServiceError(
      "bad_schema",
      `the build's schema lacks ${service.typeName}.${route.rpc} of ${route.method} ${route.path}, or has an older ` +
        "form of it; build the app again",
    )
  }
  return {
    rpc,
    route,
    request: compileCodec(rpc.input),
    response: compileCodec(rpc.output),
    rawRequest: rawField(rpc.input),
    hasFiles: fileFields(rpc.input).length > 0,
    rawResponse,
    statuses: new Map(
      rpc.output.fields
        .filter((field) => !isRawBody(field.message))
        .map((field) => [field.number, statusOf(field)]),
    ),
  }
}

function rawField(message: DescMessage): number | undefined {
  return message.fields.find((field) => isRawBody(field.message))?.number
}

function statusOf(field: DescField): number {
  return hasOption(field, fieldOption) ? getOption(field, fieldOption).status : 0
}
