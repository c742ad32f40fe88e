import { execFileSync } from "node:child_process"
import { cpSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createFileRegistry, type DescMessage, fromBinary } from "@bufbuild/protobuf"
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt"
import fc from "fast-check"
import { packageRoot } from "../../src/package-root.ts"

const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, compileShapes()))

function compileShapes(): Uint8Array {
  const dir = mkdtempSync(join(tmpdir(), "hono-faasm-shapes-"))
  try {
    cpSync(join(packageRoot, "proto"), dir, { recursive: true })
    cpSync(new URL("./shapes.proto", import.meta.url), join(dir, "shapes.proto"))
    const buf = join(packageRoot, "node_modules/.bin/buf")
    return execFileSync(buf, ["build", dir, "-o", "-"], { maxBuffer: 1 << 24 })
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** The descriptor of a message in shapes.proto. */
export function shape(name: string): DescMessage {
  return registry.getMessage(`shapes.v1.${name}`)!
}

const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme", maxLength: 80 }),
  fc.constant("__proto__"),
)
const double = fc.oneof(
  fc.double({ noNaN: false }),
  fc.integer(),
  fc.constantFrom(-0, Number.NaN, 2 ** 53, 2 ** 53 + 2, -(2 ** 53), Number.POSITIVE_INFINITY, 5e-324),
)
const status = fc.constantFrom("open", 'shipped "é"')
const line = fc.record(
  { sku: text, quantity: double, gift: fc.boolean() },
  { requiredKeys: ["sku", "quantity"], noNullPrototype: true },
)
const { customer } = fc.letrec((tie) => ({
  customer: fc
    .tuple(text, text, fc.option(tie("customer"), { maxDepth: 3 }))
    .map(([name, maker, referrer]) => ({ name, constructor: maker, ...(referrer ? { referrer } : {}) })),
}))

/** Values that fit Order. */
export const orders = fc.record(
  {
    id: text,
    total: double,
    paid: fc.boolean(),
    status,
    lines: fc.array(line, { maxLength: 5 }),
    note: fc.option(text),
    coupon: fc.option(text),
    tags: fc.option(fc.array(text, { maxLength: 4 })),
    scores: fc.array(double, { maxLength: 20 }),
    prices: fc.dictionary(text, double, { maxKeys: 5, noNullPrototype: true }),
    bySku: fc.dictionary(text, line, { maxKeys: 3, noNullPrototype: true }),
    customer,
    flags: fc.array(fc.boolean(), { maxLength: 4 }),
    history: fc.array(status, { maxLength: 4 }),
    // JSON knows no -0.
    extra: fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value))),
    matrix: fc.array(fc.array(double, { maxLength: 3 }), { maxLength: 3 }),
    weight: double,
    "gift to": fc.option(customer),
  },
  {
    requiredKeys: [
      "id",
      "total",
      "paid",
      "lines",
      "note",
      "scores",
      "prices",
      "customer",
      "flags",
      "history",
      "extra",
      "matrix",
      "gift to",
    ],
    noNullPrototype: true,
  },
)

const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0)
const { shape: anyShape } = fc.letrec((tie) => ({
  shape: fc.oneof(
    { maxDepth: 3 },
    fc.record({ kind: fc.constant("circle"), r: finite }, { noNullPrototype: true }),
    fc.record(
      { kind: fc.constant("square"), side: finite, rounded: fc.boolean() },
      { requiredKeys: ["kind", "side"], noNullPrototype: true },
    ),
    fc.record(
      { kind: fc.constantFrom("group", "set"), shapes: fc.array(tie("shape"), { maxLength: 3 }) },
      { noNullPrototype: true },
    ),
  ),
}))
const { mixed } = fc.letrec((tie) => ({
  mixed: fc.oneof(
    { maxDepth: 3 },
    status,
    finite,
    fc.boolean(),
    text,
    fc.array(finite, { maxLength: 3 }),
    fc.array(text, { maxLength: 3 }),
    fc.record({ a: text, b: finite }, { noNullPrototype: true }),
    fc.record({ a: text }, { noNullPrototype: true }),
    fc.record({ b: finite, c: tie("mixed") }, { requiredKeys: [], noNullPrototype: true }),
    fc.dictionary(text, fc.boolean(), { maxKeys: 3, noNullPrototype: true }),
    anyShape,
  ),
}))

/** Values that fit Mixed. */
export const mixedValues = mixed

/** Values that fit Unions. */
export const unions = fc.record(
  {
    one: mixed,
    maybe: fc.option(mixed),
    list: fc.array(mixed, { maxLength: 4 }),
    map: fc.dictionary(text, mixed, { maxKeys: 3, noNullPrototype: true }),
    shapes: fc.array(anyShape, { maxLength: 3 }),
  },
  { requiredKeys: ["one", "list", "map", "shapes"], noNullPrototype: true },
)

const pair = fc.tuple(text, finite, fc.option(text))
const trail = fc.oneof(
  fc.tuple(pair),
  fc.tuple(pair, fc.boolean()),
  fc.tuple(pair, fc.boolean(), fc.option(text)),
  fc
    .tuple(pair, fc.boolean(), fc.option(text), fc.array(finite, { maxLength: 3 }))
    .map(([first, second, third, rest]) => [first, second, third, ...rest]),
)
const open = fc
  .tuple(
    fc.record({ name: text, size: finite }, { requiredKeys: ["name"], noNullPrototype: true }),
    fc.dictionary(text, mixed, { maxKeys: 3, noNullPrototype: true }),
  )
  .map(([named, others]) => {
    const value: Record<string, unknown> = { ...named }
    for (const [key, other] of Object.entries(others)) {
      if (key === "name" || key === "size") continue
      Object.defineProperty(value, key, {
        value: other,
        enumerable: true,
        configurable: true,
        writable: true,
      })
    }
    return value
  })
const int32 = fc.integer()
const uint32 = fc.nat({ max: 2 ** 32 - 1 })
const int64 = fc.maxSafeInteger()
const uint64 = fc.maxSafeNat()
const float = fc.float({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0)

/** Values that fit Exotic. */
export const exotics = fc.record(
  {
    pair,
    trails: fc.array(trail, { maxLength: 4 }),
    trail: fc.option(trail),
    open,
    opens: fc.dictionary(text, open, { maxKeys: 2, noNullPrototype: true }),
    numbers: fc.record(
      {
        int32,
        uint32,
        int64,
        uint64,
        float,
        maybe: int32,
        int32s: fc.array(int32, { maxLength: 4 }),
        int64s: fc.array(int64, { maxLength: 4 }),
        floats: fc.array(float, { maxLength: 4 }),
        byName: fc.dictionary(text, uint64, { maxKeys: 3, noNullPrototype: true }),
      },
      {
        requiredKeys: ["int32", "uint32", "int64", "uint64", "float", "int32s", "int64s", "floats", "byName"],
        noNullPrototype: true,
      },
    ),
  },
  { requiredKeys: ["pair", "trails", "open", "opens", "numbers"], noNullPrototype: true },
)
