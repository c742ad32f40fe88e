import type { IncomingMessage, RequestListener } from "node:http"
import { createFileRegistry, type DescService, fromBinary, type Message, toBinary } from "@bufbuild/protobuf"
import {
  type ConnectRouter,
  createContextKey,
  createContextValues,
  type HandlerContext,
  type ServiceImpl,
} from "@connectrpc/connect"
import { compressionGzip, connectNodeAdapter } from "@connectrpc/connect-node"
import { getRequestListener } from "@hono/node-server"
import type { Hono } from "hono"
import type { Offloaded } from "../gateway/index.ts"
import { ServerReflection } from "../gen/grpc/reflection/v1/reflection_pb.ts"
import { bytesOf, messageOf, opaqueService } from "./opaque-service.ts"
import { addReflection } from "./reflection.ts"
import { callApp } from "./service-caller.ts"
import { readService, type ServiceMethod } from "./service-method.ts"

/** Room for what a message has beside a body, in bytes. */
const MESSAGE_OVERHEAD = 64 * 1024

/** Longest timeout that a client can ask for, in ms. Handlers have the gateway's own timeout as well. */
const MAX_TIMEOUT_MS = 10 * 60_000

const incomingKey = createContextKey<IncomingMessage | undefined>(undefined)

/**
 * A listener for servers of `node:http` and `node:http2` that serves an offloaded app, and beside its routes the app's
 * protobuf service: to Connect and gRPC-Web clients over HTTP/1.1 and HTTP/2, to gRPC clients over HTTP/2. An RPC runs
 * as the HTTP request that it stands for, through the same middleware and validators.
 *
 * @see {@link listen}, which also makes the server
 * @see https://connectrpc.com/docs/protocol
 * @throws {@link ServiceError} `bad_schema`
 */
export function nodeListener(app: Offloaded<Hono>): RequestListener {
  const { build, maxBodyBytes } = app.gateway
  const { desc, methods } = readService(build.schema.files, build.manifest)
  const opaque = opaqueService(desc)
  const call = (method: ServiceMethod, message: Uint8Array, context: HandlerContext) =>
    answer(app, method, message, context)
  const opaqueMethods = new Map(opaque.methods.map((method) => [method.name, method]))
  const options = {
    readMaxBytes: maxBodyBytes + MESSAGE_OVERHEAD,
    maxTimeoutMs: MAX_TIMEOUT_MS,
    acceptCompression: [compressionGzip],
    contextValues: (request: unknown) => createContextValues().set(incomingKey, request as IncomingMessage),
  }
  const rest = getRequestListener(app.fetch) as RequestListener
  const json = connectNodeAdapter({
    ...options,
    fallback: rest as never,
    routes: (router) => {
      serve(router, desc, methods, async (method, request, context) => {
        const { input, output } = method.rpc
        return fromBinary(output, await call(method, toBinary(input, request), context))
      })
    },
  })
  const binary = connectNodeAdapter({
    ...options,
    // Each would be an object; a message of a few bytes in gzip may have millions.
    binaryOptions: { readUnknownFields: false },
    fallback: rest as never,
    routes: (router) => {
      serve(router, opaque, methods, async (method, request, context) => {
        const { input, output } = opaqueMethods.get(method.rpc.name)!
        return messageOf(output, await call(method, bytesOf(input, request), context))
      })
      const files = createFileRegistry(
        build.schema,
        createFileRegistry(ServerReflection.file.proto, () => undefined),
      )
      addReflection(router, [desc, ServerReflection], files)
    },
  })
  return (request, response) => {
    try {
      const listener = isJson(request) ? json : binary
      listener(request, response)
    } catch (error) {
      // Such as a request over HTTP/1.0 that names no host.
      response.writeHead(400, { "content-type": "text/plain; charset=utf-8" })
      response.end(`${(error as Error).message}\n`)
    }
  }
}

type Implementation = (method: ServiceMethod, request: Message, context: HandlerContext) => Promise<Message>

function serve(
  router: ConnectRouter,
  service: DescService,
  methods: readonly ServiceMethod[],
  implementation: Implementation,
): void {
  const implemented = methods.map((method) => [
    method.rpc.localName,
    (request: Message, context: HandlerContext) => implementation(method, request, context),
  ])
  router.service(service, Object.fromEntries(implemented) as Partial<ServiceImpl<DescService>>)
}

async function answer(
  app: Offloaded<Hono>,
  method: ServiceMethod,
  message: Uint8Array,
  context: HandlerContext,
): Promise<Uint8Array> {
  const result = await callApp(app, method, message, context, context.values.get(incomingKey))
  result.headers.forEach((value, name) => {
    context.responseHeader.append(name, value)
  })
  return result.message
}

/** Whether messages are in JSON; only the library for RPCs needs to know more. */
function isJson({ headers, url, method }: IncomingMessage): boolean {
  const type = headers["content-type"]
  if (type !== undefined) return /\bjson\b/i.test(type)
  return method === "GET" && url !== undefined && /[?&]encoding=json(?:&|$)/.test(url)
}
