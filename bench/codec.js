import { execFileSync } from "node:child_process"
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { create, createFileRegistry, fromBinary, toBinary } from "@bufbuild/protobuf"
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt"
import { compileCodec } from "../src/codec/index.js"
import { packageRoot } from "../src/package-root.js"
import { quantile } from "./result.js"

const PROTO = `
syntax = "proto3";
package bench.v1;
import "hono_faasm/v1/annotations.proto";
message Order {
  string customer = 1;
  Currency currency = 2;
  repeated Line lines = 3;
  optional string note = 4 [(hono_faasm.v1.field).optional = true];
}
message Line {
  string sku = 1;
  string name = 2;
  double quantity = 3;
  double unit_price = 4;
  bool gift = 5;
}
enum Currency {
  CURRENCY_UNSPECIFIED = 0;
  CURRENCY_EUR = 1 [(hono_faasm.v1.literal).text = "EUR"];
  CURRENCY_USD = 2 [(hono_faasm.v1.literal).text = "USD"];
}
`
const ITEMS = [1, 10, 100]
const ROUNDS = 30
/**
 * One order, from JavaScript value to bytes (`encode`) and back (`decode`): our compiled codec, JSON, protobuf-es, and
 * protobufjs. `transcode` is from protobuf bytes to JSON text, against making JSON text of the value.
 */
export async function benchCodec(context) {
  const desc = compileProto()
  const codec = compileCodec(desc)
  const protobufjs = await import("protobufjs")
  const Order = protobufjs
    .parse(PROTO.replace(/import.*|\[\(hono.*?\]/g, ""))
    .root.lookupType("bench.v1.Order")
  const results = []
  for (const items of ITEMS) {
    const value = orderOf(items)
    const text = JSON.stringify(value)
    const encoded = codec.encode(value)
    if (!("bytes" in encoded)) throw new Error("the order does not fit its message")
    const { bytes } = encoded
    // The message classes have the literals as numbers, and names of their own.
    const init = { ...value, currency: 1 }
    const ways = [
      ["codec-encode", "codec", () => codec.encode(value)],
      ["codec-encode", "json", () => JSON.stringify(value)],
      ["codec-encode", "protobuf-es", () => toBinary(desc, create(desc, init))],
      ["codec-encode", "protobufjs", () => Order.encode(init).finish()],
      ["codec-decode", "codec", () => codec.decode(bytes)],
      ["codec-decode", "json", () => JSON.parse(text)],
      ["codec-decode", "protobuf-es", () => fromBinary(desc, bytes)],
      ["codec-decode", "protobufjs", () => Order.decode(bytes)],
      ["codec-transcode", "codec", () => codec.toJson(bytes)],
      ["codec-transcode", "json", () => JSON.stringify(value)],
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
function* alternate(ways, rounds, calls) {
  const samples = ways.map(() => new Float64Array(rounds))
  for (const [, , call] of ways) for (let i = 0; i < calls * 5; i++) call()
  for (let round = 0; round < rounds; round++) {
    ways.forEach(([, , call], i) => {
      const start = performance.now()
      for (let n = 0; n < calls; n++) call()
      samples[i][round] = ((performance.now() - start) * 1000) / calls
    })
  }
  for (const [i, [experiment, way]] of ways.entries()) {
    const sorted = samples[i].sort()
    const p50Us = quantile(sorted, 0.5)
    yield {
      name: [experiment, way],
      figures: { p50Us, p99Us: quantile(sorted, 0.99), callsPerSecond: 1e6 / p50Us },
    }
  }
}
function compileProto() {
  const dir = mkdtempSync(join(tmpdir(), "hono-faasm-bench-"))
  try {
    cpSync(join(packageRoot, "proto"), dir, { recursive: true })
    writeFileSync(join(dir, "bench.proto"), PROTO)
    const set = execFileSync(join(packageRoot, "node_modules/.bin/buf"), ["build", dir, "-o", "-"])
    return createFileRegistry(fromBinary(FileDescriptorSetSchema, set)).getMessage("bench.v1.Order")
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
function orderOf(items) {
  return {
    customer: "c-1029",
    currency: "EUR",
    lines: Array.from({ length: items }, (_, i) => ({
      sku: `SKU-${1000 + i}`,
      name: `Product number ${i}`,
      quantity: (i % 5) + 1,
      unitPrice: 10 + i / 4,
      gift: i % 3 === 0,
    })),
  }
}
