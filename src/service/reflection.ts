/**
 * gRPC's server reflection.
 *
 * @module
 */
import {
  clone,
  createFileRegistry,
  type DescFile,
  type DescService,
  type FileRegistry,
  type MessageInitShape,
  toBinary,
} from "@bufbuild/protobuf"
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt"
import { Code, type ConnectRouter } from "@connectrpc/connect"
import {
  ServerReflection,
  type ServerReflectionRequest,
  type ServerReflectionResponseSchema,
} from "../gen/grpc/reflection/v1/reflection_pb.ts"

type Answer = NonNullable<MessageInitShape<typeof ServerReflectionResponseSchema>["messageResponse"]>

/** Adds reflection of the given services to a router, by the current and the older name. */
export function addReflection(
  router: ConnectRouter,
  services: readonly DescService[],
  files: FileRegistry,
): void {
  const reflection = new Reflection(services, files)
  for (const service of [ServerReflection, olderName()]) {
    router.service(service, {
      async *serverReflectionInfo(requests) {
        for await (const request of requests) yield reflection.answer(request)
      },
    })
  }
}

/** Clients from before 2023 ask by another package. */
function olderName(): typeof ServerReflection {
  const file = clone(FileDescriptorProtoSchema, ServerReflection.file.proto)
  file.name = file.name.replace("/v1/", "/v1alpha/")
  file.package = "grpc.reflection.v1alpha"
  for (const message of file.messageType) {
    for (const field of message.field) field.typeName = field.typeName.replace(".v1.", ".v1alpha.")
  }
  for (const method of file.service.flatMap((service) => service.method)) {
    method.inputType = method.inputType.replace(".v1.", ".v1alpha.")
    method.outputType = method.outputType.replace(".v1.", ".v1alpha.")
  }
  const registry = createFileRegistry(file, () => undefined)
  return registry.getService(`${file.package}.ServerReflection`) as typeof ServerReflection
}

class Reflection {
  readonly #services: readonly DescService[]
  readonly #files: FileRegistry

  constructor(services: readonly DescService[], files: FileRegistry) {
    this.#services = services
    this.#files = files
  }

  answer(request: ServerReflectionRequest): MessageInitShape<typeof ServerReflectionResponseSchema> {
    return { validHost: request.host, originalRequest: request, messageResponse: this.#answer(request) }
  }

  #answer({ messageRequest: { case: kind, value } }: ServerReflectionRequest): Answer {
    switch (kind) {
      case "listServices": {
        const service = this.#services.map(({ typeName }) => ({ name: typeName }))
        return { case: "listServicesResponse", value: { service } }
      }
      case "fileByFilename":
        return this.#file(this.#files.getFile(value), value)
      case "fileContainingSymbol":
        return this.#file(this.#fileOf(value), value)
      case "fileContainingExtension": {
        const { containingType, extensionNumber } = value
        const found = this.#extensionsOf(containingType).find(({ number }) => number === extensionNumber)
        return this.#file(found?.file, `${containingType}, extension ${extensionNumber}`)
      }
      case "allExtensionNumbersOfType": {
        if (!this.#files.getMessage(value)) return notFound(value)
        const extensionNumber = this.#extensionsOf(value).map(({ number }) => number)
        return {
          case: "allExtensionNumbersResponse",
          value: { baseTypeName: value, extensionNumber },
        }
      }
      default:
        return refusal(Code.InvalidArgument, "the request asks nothing")
    }
  }

  #extensionsOf(message: string) {
    return [...this.#files].filter(
      (desc) => desc.kind === "extension" && desc.extendee.typeName === message,
    ) as Extract<ReturnType<FileRegistry["get"]>, { kind: "extension" }>[]
  }

  /** Also by the name of a method or field. */
  #fileOf(symbol: string): DescFile | undefined {
    const desc = this.#files.get(symbol)
    if (desc) return desc.file
    const at = symbol.lastIndexOf(".")
    const parent = at < 0 ? undefined : this.#files.get(symbol.slice(0, at))
    const name = symbol.slice(at + 1)
    const has =
      (parent?.kind === "service" && parent.methods.some((method) => method.name === name)) ||
      (parent?.kind === "message" && parent.fields.some((field) => field.name === name))
    return has ? parent.file : undefined
  }

  #file(file: DescFile | undefined, what: string): Answer {
    if (!file) return notFound(what)
    const all = new Set<DescFile>()
    const collect = (one: DescFile) => {
      if (all.has(one)) return
      all.add(one)
      for (const dependency of one.dependencies) collect(dependency)
    }
    collect(file)
    const fileDescriptorProto = [...all].map(({ proto }) => toBinary(FileDescriptorProtoSchema, proto))
    return { case: "fileDescriptorResponse", value: { fileDescriptorProto } }
  }
}

function notFound(what: string): Answer {
  return refusal(Code.NotFound, `not found: ${what}`)
}

function refusal(errorCode: Code, errorMessage: string): Answer {
  return { case: "errorResponse", value: { errorCode, errorMessage } }
}
