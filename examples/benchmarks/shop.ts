/**
 * Routes with bodies as web APIs have them, and next to no work.
 *
 * @module
 */
import { zValidator } from "@hono/zod-validator"
import { Hono } from "hono"
import { z } from "zod"
import { checksumOf } from "./functions/checksum.ts"

/** An item of the catalogue. */
interface Item {
  sku: string
  name: string
  cents: number
  tags: string[]
  stock: Record<string, number>
  discontinued: boolean
  description: string | null
}

const ITEMS: Item[] = Array.from({ length: 1000 }, (_, i) => ({
  sku: `item-${i}`,
  name: `Item number ${i}`,
  cents: (i * 7919) % 10_000,
  tags: ["new", "sale", "gift", "kitchen"].filter((_, tag) => (i >> tag) % 2 === 1),
  stock: { vienna: (i * 31) % 50, berlin: (i * 17) % 50 },
  discontinued: i % 10 === 9,
  description: i % 2 === 0 ? null : `What there is to say of item ${i}, in a sentence or two.`,
}))

const orderSchema = z.object({
  customer: z.object({ name: z.string(), email: z.string(), city: z.string() }),
  lines: z
    .array(z.object({ sku: z.string(), quantity: z.int().min(1), note: z.string().nullish() }))
    .max(500),
  express: z.boolean().default(false),
})

const documentSchema = z.object({
  title: z.string(),
  sections: z.array(
    z.object({
      heading: z.string(),
      paragraphs: z.array(
        z.object({
          text: z.string(),
          spans: z.array(
            z.object({ from: z.number(), to: z.number(), style: z.object({ name: z.string() }) }),
          ),
        }),
      ),
    }),
  ),
})

/** The routes. */
export const shop = new Hono()
  /** A page of 100 items. */
  .get(
    "/catalogue",
    zValidator("query", z.object({ page: z.coerce.number().int().min(0).max(9).default(0) })),
    (c) => {
      const { page } = c.req.valid("query")
      return c.json({ page, pages: 10, items: ITEMS.slice(page * 100, (page + 1) * 100) })
    },
  )
  /** Prices an order. */
  .post("/orders", zValidator("json", orderSchema), (c) => {
    const { customer, lines, express } = c.req.valid("json")
    const priced = lines.map(({ sku, quantity }) => {
      const item = ITEMS.find((one) => one.sku === sku)
      return { sku, name: item?.name ?? sku, quantity, cents: (item?.cents ?? 100) * quantity }
    })
    const shipping = express ? 1200 : 400
    const total = priced.reduce((sum, { cents }) => sum + cents, shipping)
    return c.json({ id: `o-${total}`, customer: customer.name, lines: priced, shipping, total }, 201)
  })
  /** Tells how large a document is, and gives it back. */
  .put("/documents/:id", zValidator("json", documentSchema), (c) => {
    const document = c.req.valid("json")
    const paragraphs = document.sections.flatMap((section) => section.paragraphs)
    const characters = paragraphs.reduce((sum, { text }) => sum + text.length, 0)
    return c.json({ id: c.req.param("id"), paragraphs: paragraphs.length, characters, document })
  })
  /** Statistics of a list of numbers, and the numbers in order. */
  .post("/numbers", zValidator("json", z.object({ values: z.array(z.number()).min(1) })), (c) => {
    const values = [...c.req.valid("json").values].sort((a, b) => a - b)
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    return c.json({ mean, median: values[values.length >> 1]!, values })
  })
  /** Takes an image as base64, and gives it back with its checksum. */
  .post("/images", zValidator("json", z.object({ name: z.string(), base64: z.string() })), (c) => {
    const { name, base64 } = c.req.valid("json")
    const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))
    return c.json({ name, bytes: bytes.length, checksum: checksumOf(bytes.subarray(0, 64)), base64 })
  })
