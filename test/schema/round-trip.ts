/**
 * Sends random values of an app's types through everything that reads or writes its schema.
 *
 * @module
 */
import { deepStrictEqual } from "node:assert/strict"
import {
  create,
  createFileRegistry,
  type DescMessage,
  type FileRegistry,
  fromBinary,
  getOption,
  toBinary,
} from "@bufbuild/protobuf"
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt"
import fc from "fast-check"
import ts from "typescript"
import { expect } from "vitest"
import { compileCodec, InterpretedCodec, type MessageCodec } from "../../src/codec/codec.ts"
import { packFaaslet } from "../../src/faaslet/pack.ts"
import { jsonFieldsCheck } from "../../src/gateway/json-fields.ts"
import { field as fieldOption } from "../../src/gen/hono_faasm/v1/annotations_pb.ts"
import type { Reply } from "../../src/gen/hono_faasm/v1/invocation_pb.ts"
import { handlerTypes } from "../../src/schema/handler-types.ts"
import { type AppSchema, openApiDocument, type SchemaRoute } from "../../src/schema/index.ts"
import { SCHEMA_HASH_TEXT, TestHost } from "../faaslet/host.ts"
import { OpenApiCheck } from "./openapi-check.ts"
import { plainJson } from "./plain-json.ts"
import { RandomValues } from "./random-value.ts"

/** Values of each body and input, and how many of them go through the guest as well. */
const RUNS = 20
const GUEST_RUNS = 5
const CALLS_PER_INSTANCE = 50

/** A function over the messages of several apps. */
export class RoundTrip {
  readonly #guest: TestHost
  #calls = 0
  readonly #indexes: Map<string, number>
  readonly #registry: FileRegistry
  readonly #documented: Map<AppSchema, OpenApiCheck>

  private constructor(
    guest: TestHost,
    indexes: Map<string, number>,
    registry: FileRegistry,
    documented: Map<AppSchema, OpenApiCheck>,
  ) {
    this.#documented = documented
    this.#guest = guest
    this.#indexes = indexes
    this.#registry = registry
  }

  static async of(schemas: readonly AppSchema[]): Promise<RoundTrip> {
    const files = schemas.flatMap(({ fileSet }) => fromBinary(FileDescriptorSetSchema, fileSet).file)
    const all = create(FileDescriptorSetSchema, {
      file: [...new Map(files.map((file) => [file.name, file])).values()],
    })
    const routes = schemas.flatMap((schema) => schema.routes)
    const fileSet = toBinary(FileDescriptorSetSchema, all)
    const { wasm } = await packFaaslet({
      bundle: ECHO,
      schema: {
        fileSet,
        hash: SCHEMA_HASH_TEXT,
        routes: routes.map(({ request, response }, index) => ({ index, request, response })),
      },
      optimise: "dev",
      name: "round-trip",
      cacheDir: "node_modules/.cache/hono-faasm",
    })
    const indexes = new Map(routes.map(({ request }, index) => [request, index]))
    const documented = new Map(
      schemas.map((schema) => [schema, new OpenApiCheck(openApiDocument(schema))] as const),
    )
    return new RoundTrip(new TestHost(wasm), indexes, createFileRegistry(all), documented)
  }

  /** Bodies that a handler may answer; how many there were. */
  responses(schema: AppSchema, route: SchemaRoute): number {
    const desc = this.#message(route.response)
    const checker = schema.program.getTypeChecker()
    const random = new RandomValues(checker, route.handler)
    const { bodies } = handlerTypes(checker, route.handler, declares(route))
    const documented = this.#documented.get(schema)!
    const statuses = desc.fields.map((field) => getOption(field, fieldOption).status)
    for (const { status, type, given } of bodies) {
      const sent = status === 0 ? 299 : status
      if (!statuses.includes(status)) throw new Error(`${route.response} has nothing for ${status}`)
      const write = (codec: MessageCodec) => (value: unknown) => codec.encodeResponse(sent, value)
      const sample = (json: unknown) => expect(documented.answer(route.rpc, status, json)).toBeUndefined()
      this.#check(desc, random.of(given ?? type), write, undefined, (text) => {
        const reply = this.#invoke({
          route: this.#indexes.get(route.request)!,
          variables: [
            { name: "text", value: { case: "text", value: text } },
            { name: "status", value: { case: "text", value: `${sent}` } },
          ],
        })
        expect(reply.fallbackReason, text).toBe("")
        expect(reply.body.case).toBe("message")
        sample(JSON.parse(text))
        return compileCodec(desc).toJson(reply.body.value as Uint8Array)
      })
    }
    return bodies.length
  }

  /** What validators may leave for a handler. */
  requests(schema: AppSchema, route: SchemaRoute): number {
    const desc = this.#message(route.request)
    const checker = schema.program.getTypeChecker()
    const random = new RandomValues(checker, route.handler)
    const { inputs } = handlerTypes(checker, route.handler, declares(route))
    if (inputs.size === 0) return 0
    const params = desc.field.param?.message?.fields.map(({ jsonName }) => [jsonName, fc.string()]) ?? []
    const sections = fc.record({
      ...(params.length > 0 ? { param: fc.record(Object.fromEntries(params)) } : {}),
      ...Object.fromEntries([...inputs].map(([target, type]) => [target, random.of(type)])),
    })
    const write = (codec: MessageCodec) => (value: unknown) => codec.encode(value)
    this.#check(
      desc,
      sections,
      write,
      (bytes) => compileCodec(desc).decode(bytes),
      (_, bytes) => {
        const reply = this.#invoke({
          route: this.#indexes.get(route.request)!,
          input: { case: "message", value: bytes },
        })
        expect(reply.failure).toBeUndefined()
        return new TextDecoder().decode(reply.body.value as Uint8Array)
      },
    )
    return inputs.size
  }

  #check(
    desc: DescMessage,
    values: fc.Arbitrary<unknown>,
    write: (codec: MessageCodec) => (value: unknown) => ReturnType<MessageCodec["encode"]>,
    decode: ((bytes: Uint8Array) => unknown) | undefined,
    guest: (text: string, bytes: Uint8Array) => string,
  ): void {
    const codec = compileCodec(desc)
    const reference = new InterpretedCodec(desc)
    const local = jsonFieldsCheck(desc)
    let guestRuns = 0
    fc.assert(
      fc.property(values, (value) => {
        // A File, say: the gateway keeps such a request to itself.
        if (decode && local?.(value)) return
        const text = JSON.stringify(value, digits)
        const json = JSON.parse(text)
        const bytes = fitting(write(codec)(value))
        const theirs = fitting(write(reference)(value))
        deepStrictEqual(plainJson(desc, fromBinary(desc, bytes)), json)
        for (const written of [bytes, theirs, toBinary(desc, fromBinary(desc, bytes))]) {
          deepStrictEqual(JSON.parse(codec.toJson(written)), json)
          deepStrictEqual(JSON.parse(`${codec.toJsonBytes(written)}`), json)
          deepStrictEqual(JSON.parse(reference.toJson(written)), json)
          // What is no JSON, a Date say, is what it was.
          if (decode) expect(decode(written), text).toEqual(value)
        }
        if (guestRuns++ < GUEST_RUNS) deepStrictEqual(JSON.parse(guest(text, bytes)), json)
      }),
      // Shrinking a value of a large type takes longer than reading it.
      { numRuns: RUNS, endOnFailure: true },
    )
  }

  #invoke(invocation: Parameters<TestHost["invoke"]>[0]): Reply {
    // Making an instance takes longer than a call, but what calls leave behind adds up.
    return this.#guest.invoke(invocation, { fresh: this.#calls++ % CALLS_PER_INSTANCE === 0 })
  }

  #message(name: string): DescMessage {
    return this.#registry.getMessage(name)!
  }
}

/** Answers the value whose JSON text it was sent; without one, shows what it has got. */
const ECHO = `globalThis.__honoFaasm = {
  routes() { return [] },
  unavailable(name, type) { return { unavailable: name + ":" + type } },
  invoke(inv) {
    if (inv.variables?.length > 0) {
      return { status: Number(inv.variables[3]), headers: [], kind: 1, body: JSON.parse(inv.variables[1]) }
    }
    const digits = (_, value) => (typeof value === "bigint" ? String(value) : value)
    return { status: 200, headers: [], kind: 3, body: JSON.stringify(inv.input, digits) }
  },
}`

/** Whether it is a route of @hono/zod-openapi. */
function declares({ handler }: SchemaRoute): boolean {
  const call = handler.parent
  if (!ts.isCallExpression(call) || !ts.isPropertyAccessExpression(call.expression)) return false
  return call.expression.name.text === "openapi"
}

/** A bigint is its digits in JSON. */
function digits(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? `${value}` : value
}

function fitting(result: ReturnType<MessageCodec["encode"]>): Uint8Array {
  if ("bytes" in result) return result.bytes
  throw new Error(`${result.misfit.path || "the value"} ${result.misfit.reason}`)
}
