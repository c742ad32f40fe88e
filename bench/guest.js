import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { create, createFileRegistry, fromBinary, toBinary } from "@bufbuild/protobuf"
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt"
import { compileCodec } from "../src/codec/codec.js"
import { buildApp } from "../src/faaslet/index.js"
import { InvocationSchema } from "../src/gen/hono_faasm/v1/invocation_pb.js"
import { packageRoot } from "../src/package-root.js"
import { createSnapshot, Instance } from "../src/runtime/instance.js"
import { prepareFunction } from "../src/runtime/prepare-function.js"
import { quantile } from "./result.js"

const EXPERIMENT = "guest"
const MAX_MEMORY_BYTES = 256 * 1024 * 1024
const LINES = [1, 10, 100]
/** First byte of a protobuf Reply, and of one in JSON. */
const FIRST_BYTE = { protobuf: 0x09, json: 0x7b }
/**
 * A whole call inside the function (input, handler, output), without any transport, in both forms of the invocation
 * contract: an order of 1, 10 and 100 lines is priced by a handler of Hono. Memory is put back between calls, untimed.
 */
export async function benchGuest(context) {
  context.progress(`${EXPERIMENT}: building`)
  const { wasm, inputs } = await pricingFunction(context.quick)
  const prepared = await prepareFunction(wasm, MAX_MEMORY_BYTES)
  const instance = new Instance(prepared, createSnapshot(prepared))
  return inputs.map(({ way, input }) => {
    context.progress(`${EXPERIMENT}: ${way}, ${input.length} bytes`)
    const call = hostCall(input, FIRST_BYTE[way])
    const samples = []
    const { warmupMs, measureMs } = context.times
    const start = performance.now()
    for (let now = start; now < start + warmupMs + measureMs; ) {
      const before = performance.now()
      instance.run(call)
      now = performance.now()
      if (before > start + warmupMs) samples.push((now - before) * 1000)
      if (!instance.restore()) throw new Error("the instance could not be put back")
    }
    const sorted = Float64Array.from(samples).sort()
    const mean = sorted.reduce((sum, sample) => sum + sample, 0) / sorted.length
    return {
      experiment: EXPERIMENT,
      way,
      payloadBytes: input.length,
      inFlight: 1,
      p50Us: quantile(sorted, 0.5),
      p99Us: quantile(sorted, 0.99),
      callsPerSecond: 1e6 / mean,
      clientCpuUsPerCall: null,
      wireBytesPerCall: null,
    }
  })
}
async function pricingFunction(quick) {
  const outDir = await mkdtemp(join(tmpdir(), "hono-faasm-bench-"))
  try {
    const { functions, routes, schema, schemaHash } = await buildApp({
      appFile: join(packageRoot, "bench/apps/payloads.ts"),
      outDir,
      user: "bench",
      split: "app",
      optimise: quick ? "dev" : "upload",
    })
    const registry = createFileRegistry(
      fromBinary(FileDescriptorSetSchema, await readFile(join(outDir, schema))),
    )
    const codec = compileCodec(registry.getMessage(routes[0].request))
    const envelope = { route: routes[0].index, method: "POST", url: "http://localhost/price" }
    const inputs = LINES.flatMap((lines) => {
      const message = { json: order(lines) }
      const encoded = codec.encode(message)
      if (!("bytes" in encoded)) throw new Error(`the order does not fit: ${encoded.misfit.reason}`)
      const invocation = create(InvocationSchema, {
        ...envelope,
        schemaHash: BigInt(`0x${schemaHash}`),
        input: { case: "message", value: encoded.bytes },
      })
      return [
        { way: "protobuf", input: toBinary(InvocationSchema, invocation) },
        {
          way: "json",
          input: Buffer.from(JSON.stringify({ schemaHash, ...envelope, messageJson: message })),
        },
      ]
    })
    return { wasm: new Uint8Array(await readFile(join(outDir, functions[0].file))), inputs }
  } finally {
    await rm(outDir, { recursive: true, force: true })
  }
}
function order(lines) {
  return {
    customer: "c-1029",
    currency: "EUR",
    lines: Array.from({ length: lines }, (_, index) => ({
      sku: `SKU-${1000 + index}`,
      name: `Product number ${index}`,
      quantity: index + 1,
      unitPrice: 10 + index / 4,
      gift: index % 3 === 0,
    })),
  }
}
function hostCall(input, firstByte) {
  return {
    input,
    output(bytes) {
      // A failure is shorter than any priced order.
      if (bytes[0] !== firstByte || bytes.length < input.length / 2)
        throw new Error(Buffer.from(bytes).toString())
    },
    print() {},
  }
}
