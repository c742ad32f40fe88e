import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { create, createFileRegistry, fromBinary, toBinary } from "@bufbuild/protobuf"
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt"
import { compileCodec } from "../src/codec/index.ts"
import { buildApp } from "../src/faaslet/index.ts"
import type { PackOptions } from "../src/faaslet/pack.ts"
import { InvocationSchema } from "../src/gen/hono_faasm/v1/invocation_pb.ts"
import { packageRoot } from "../src/package-root.ts"
import type { HostCall } from "../src/runtime/host-interface.ts"
import type { BenchContext } from "./context.ts"
import { orderOf } from "./order.ts"
import { readSchema } from "./script-load.ts"

/** First byte of a protobuf Reply, and of one in JSON. */
const FIRST_BYTE = { protobuf: 0x09, json: 0x7b }

/** The function of the payloads app, and calls that have it price an order. */
export interface PricingFunction {
  appFile: string
  schema: PackOptions["schema"]
  wasm: Uint8Array<ArrayBuffer>
  /** A call with an order of so many lines. */
  call(form: "protobuf" | "json", lines: number): HostCall
}

/** Builds the function. */
export async function pricingFunction(context: BenchContext): Promise<PricingFunction> {
  const appFile = join(packageRoot, "bench/apps/payloads.ts")
  const outDir = await mkdtemp(join(tmpdir(), "hono-faasm-bench-"))
  try {
    const { functions, routes, schema, schemaHash } = await buildApp({
      appFile,
      outDir,
      optimise: context.quick ? "dev" : "upload",
    })
    const [route] = routes
    const fileSet = fromBinary(FileDescriptorSetSchema, await readFile(join(outDir, schema)))
    const codec = compileCodec(createFileRegistry(fileSet).getMessage(route!.request)!)
    const envelope = { route: route!.index, method: "POST", url: "http://localhost/price" }
    return {
      appFile,
      schema: await readSchema(outDir),
      wasm: new Uint8Array(await readFile(join(outDir, functions[0]!.file))),
      call(form, lines) {
        const message = { json: orderOf(lines) }
        if (form === "json") {
          return hostCall(
            Buffer.from(JSON.stringify({ schemaHash, ...envelope, messageJson: message })),
            form,
          )
        }
        const encoded = codec.encode(message)
        if (!("bytes" in encoded)) throw new Error(`the order does not fit: ${encoded.misfit.reason}`)
        const invocation = create(InvocationSchema, {
          ...envelope,
          schemaHash: BigInt(`0x${schemaHash}`),
          input: { case: "message", value: encoded.bytes },
        })
        return hostCall(toBinary(InvocationSchema, invocation), form)
      },
    }
  } finally {
    await rm(outDir, { recursive: true, force: true })
  }
}

function hostCall(input: Uint8Array, form: "protobuf" | "json"): HostCall {
  return {
    input,
    output(bytes) {
      // A failure is shorter than any priced order.
      if (bytes[0] !== FIRST_BYTE[form] || bytes.length < input.length / 2) {
        throw new Error(Buffer.from(bytes).toString())
      }
    },
    print() {},
  }
}
