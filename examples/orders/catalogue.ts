import { zValidator } from "@hono/zod-validator"
import { Hono } from "hono"
import { z } from "zod"
import { findProduct, type Product, products } from "./catalogue-data.ts"
import type { ShopEnv } from "./env.ts"
import { priceLines } from "./pricing.ts"

const listQuery = z.object({
  tag: z.string().optional(),
  sort: z.enum(["name", "price"]).default("name"),
  limit: z.coerce.number().int().min(1).max(100).default(20),
})

const compare: Record<"name" | "price", (a: Product, b: Product) => number> = {
  name: (a, b) => (a.name < b.name ? -1 : 1),
  price: (a, b) => a.cents - b.cents,
}

/** What the shop sells. */
export const catalogue = new Hono<ShopEnv>()
  /** Lists products, optionally of one tag. */
  .get("/", zValidator("query", listQuery), (c) => {
    const { tag, sort, limit } = c.req.valid("query")
    const found = products.filter((p) => tag === undefined || p.tags.includes(tag))
    const items = [...found].sort(compare[sort]).slice(0, limit)
    return c.json({ items, count: found.length, sort })
  })
  /** Counts products by tag. */
  .get("/tags", (c) => {
    const counts: Record<string, number> = {}
    for (const tag of products.flatMap((p) => p.tags)) counts[tag] = (counts[tag] ?? 0) + 1
    return c.json(counts)
  })
  /** A product. */
  .get("/:sku", (c) => {
    const product = findProduct(c.req.param("sku"))
    if (!product) return c.json({ error: "no such product", sku: c.req.param("sku") }, 404)
    c.header("cache-control", "max-age=60")
    return c.json(product, 200)
  })
  /** The product's price in the caller's country, with tax. */
  .get("/:sku/price", (c) => {
    const [line] = priceLines([{ sku: c.req.param("sku"), quantity: 1 }], c.get("country"))
    if (!line) return c.notFound()
    return c.json({
      country: c.get("country"),
      netCents: line.netCents,
      taxRate: line.taxRate,
      grossCents: line.netCents + line.taxCents,
    })
  })
  /** A label to print. */
  .get("/:sku/label", (c) => {
    const product = findProduct(c.req.param("sku"))
    if (!product) return c.notFound()
    return c.text(`${product.name}\n${(product.cents / 100).toFixed(2)} EUR\n`)
  })
