import { join } from "node:path"
import { create, createFileRegistry, fromBinary, toBinary } from "@bufbuild/protobuf"
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt"
import { compileCodec } from "../src/codec/index.ts"
import { packageRoot } from "../src/package-root.ts"
import { generateSchema } from "../src/schema/index.ts"
import type { BenchContext } from "./context.ts"
import { load } from "./load.ts"
import { orderOf } from "./order.ts"
import { type BenchResult, quantile } from "./result.ts"
import { keptSamples } from "./row.ts"

const ITEMS = [1, 10, 100]
const ROUNDS = 30

/**
 * One order, from JavaScript value to bytes (`encode`) and back (`decode`): our compiled codec, JSON, protobuf-es, and
 * protobufjs. `transcode` is from protobuf bytes to the bytes of JSON text, against making
 * them of the value.
 */
export async function benchCodec(context: BenchContext): Promise<BenchResult[]> {
  const { desc, protoText } = orderMessage()
  const codec = compileCodec(desc)
  const protobufjs = await load(() => import("protobufjs"))
  // Without our options, which it would look for in other files.
  const plain = protoText.replace(/import.*|\[[^\]]*\]|option [^;]*;/g, "")
  const Order = protobufjs.parse(plain).root.lookupType(desc.typeName)
  const results: BenchResult[] = []
  context.measuring(results)
  for (const items of ITEMS) {
    const value = orderOf(items)
    const text = JSON.stringify(value)
    const encoded = codec.encode(value)
    if (!("bytes" in encoded)) throw new Error("the order does not fit its message")
    const { bytes } = encoded
    // The message classes have the literals as numbers, and names of their own.
    const init = { ...value, currency: 1 }
    const ways: [string, string, () => unknown][] = [
      ["codec-encode", "codec", () => codec.encode(value)],
      ["codec-encode", "json", () => JSON.stringify(value)],
      ["codec-encode", "protobuf-es", () => toBinary(desc, create(desc, init as never))],
      ["codec-encode", "protobufjs", () => Order.encode(init).finish()],
      ["codec-decode", "codec", () => codec.decode(bytes)],
      ["codec-decode", "json", () => JSON.parse(text)],
      ["codec-decode", "protobuf-es", () => fromBinary(desc, bytes)],
      ["codec-decode", "protobufjs", () => Order.decode(bytes)],
      ["codec-transcode", "codec", () => codec.toJsonBytes(bytes)],
      ["codec-transcode", "json", () => Buffer.from(JSON.stringify(value))],
    ]
    for (const round of alternate(ways, context.quick ? 5 : ROUNDS, context.quick ? 300 : 2000)) {
      const [experiment, way] = round.name
      results.push({
        experiment,
        way,
        payloadBytes: way === "json" ? text.length : bytes.length,
        inFlight: 1,
        ...round.figures,
        clientCpuUsPerCall: null,
        wireBytesPerCall: null,
      })
    }
  }
  return results
}

/** Times each way in turn, again and again, so that a drift of the machine meets all of them. */
function* alternate(ways: [string, string, () => unknown][], rounds: number, calls: number) {
  const samples = ways.map(() => new Float64Array(rounds))
  for (const [, , call] of ways) for (let i = 0; i < calls * 5; i++) call()
  for (let round = 0; round < rounds; round++) {
    ways.forEach(([, , call], i) => {
      const start = performance.now()
      for (let n = 0; n < calls; n++) call()
      samples[i]![round] = ((performance.now() - start) * 1000) / calls
    })
  }
  for (const [i, [experiment, way]] of ways.entries()) {
    const unsorted = samples[i]!
    const sorted = Float64Array.from(unsorted).sort()
    const p50Us = quantile(sorted, 0.5)
    yield {
      name: [experiment, way] as const,
      figures: {
        p50Us,
        p99Us: quantile(sorted, 0.99),
        callsPerSecond: 1e6 / p50Us,
        samplesUs: keptSamples(unsorted),
      },
    }
  }
}

/** The order of the payloads app, as `hono-faasm generate` has it. */
function orderMessage() {
  const appFile = join(packageRoot, "bench/apps/payloads.ts")
  const { fileSet, package: name, protoText } = generateSchema({ appFile, appName: "bench", dir: "none" })
  const desc = createFileRegistry(fromBinary(FileDescriptorSetSchema, fileSet)).getMessage(`${name}.Order`)!
  return { desc, protoText }
}
