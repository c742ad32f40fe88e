import type { BenchRequest } from "./benchmark-functions.ts"

const LINES = 20
const NUMBERS = 1000
const IMAGE_BYTES = 24 * 1024

/** Requests for the routes of `examples/benchmarks` that have bodies as web APIs have them, by name. */
export const SHOP_REQUESTS: Record<string, BenchRequest> = {
  "shop catalogue": { path: "/shop/catalogue?page=3", method: "GET", headers: {} },
  "shop order": json("POST", "/shop/orders", {
    customer: { name: "Ada Lovelace", email: "ada@example.org", city: "Vienna" },
    lines: times(LINES, (i) => ({
      sku: `item-${i * 37}`,
      quantity: 1 + (i % 4),
      note: i % 5 ? null : "gift",
    })),
    express: true,
  }),
  "shop document": json("PUT", "/shop/documents/7", {
    title: "A document",
    sections: times(5, (section) => ({
      heading: `Section ${section}`,
      paragraphs: times(4, (paragraph) => ({
        text: `Paragraph ${paragraph} of section ${section}, which goes on for a while as paragraphs do.`,
        spans: times(3, (span) => ({ from: span * 5, to: span * 5 + 4, style: { name: "bold" } })),
      })),
    })),
  }),
  "shop numbers": json("POST", "/shop/numbers", { values: times(NUMBERS, (i) => ((i * 7919) % 1000) / 8) }),
  "shop image": json("POST", "/shop/images", {
    name: "image.png",
    base64: Buffer.from(times(IMAGE_BYTES, (i) => (i * 31) & 255)).toString("base64"),
  }),
}

function json(method: "POST" | "PUT", path: string, body: unknown): BenchRequest {
  return { path, method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) }
}

function times<T>(length: number, make: (index: number) => T): T[] {
  return Array.from({ length }, (_, i) => make(i))
}
