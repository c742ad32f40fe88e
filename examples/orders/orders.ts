import { zValidator } from "@hono/zod-validator"
import { Hono } from "hono"
import { HTTPException } from "hono/http-exception"
import { z } from "zod"
import { requireUser } from "./auth.ts"
import { lineSchema } from "./carts.ts"
import type { ShopEnv, User } from "./env.ts"
import { archive, type StoredOrder } from "./orders-data.ts"
import { priceLines, total } from "./pricing.ts"

const orderSchema = z.object({
  lines: z.array(lineSchema).min(1).max(500),
  delivery: z.enum(["standard", "express"]),
  deliverOn: z.coerce.date().optional(),
  address: z.object({
    name: z.string(),
    street: z.string(),
    city: z.string(),
    floor: z.number().int().nullable(),
  }),
  gift: z.boolean().default(false),
  voucher: z.string().optional(),
})

const idParam = z.object({ id: z.string().regex(/^o-\d+$/) })

const dayMs = 86_400_000

/** The order, if the user may see it: clerks see all, customers their own. */
function visible(id: string, user: User): StoredOrder | undefined {
  const order = archive.find((o) => o.id === id)
  return order && (user.role === "clerk" || order.userId === user.id) ? order : undefined
}

/** Orders of the caller. */
export const orders = new Hono<ShopEnv>()

orders.use(requireUser)

/** Lists the orders that the caller may see. */
orders.get("/", (c) => {
  const user = c.var.user
  const state = c.req.query("state")
  const found = archive.filter((o) => visible(o.id, user) && (state === undefined || o.state === state))
  return c.json(found.map(({ id, state, placedAt }) => ({ id, state, placedAt })))
})

/** Places an order: prices it, taxes it and says when it arrives. */
orders.post("/", zValidator("json", orderSchema), async (c) => {
  const order = c.req.valid("json")
  const user = c.get("user")
  const lines = priceLines(order.lines, c.get("country"))
  const totals = total(lines, order.voucher)
  if (totals.grossCents > 1_000_000) {
    return c.json({ error: "over the limit of this shop", limitCents: 1_000_000 }, 409)
  }
  const days = order.delivery === "express" ? 1 : 4
  const shipOn = order.deliverOn ? new Date(order.deliverOn.getTime() - days * dayMs) : null
  c.header("location", `/api/orders/o-${totals.grossCents}`)
  return c.json(
    {
      id: `o-${totals.grossCents}`,
      state: "placed" as const,
      orderedBy: { id: user.id, name: user.name, company: user.company },
      lines,
      totals,
      address: order.address,
      gift: order.gift,
      shipOn,
      deliverOn: order.deliverOn,
    },
    201,
  )
})

/** An order with its prices. */
orders.get("/:id", zValidator("param", idParam), (c) => {
  const order = visible(c.req.valid("param").id, c.get("user"))
  if (!order) throw new HTTPException(404, { message: "no such order" })
  const lines = priceLines(order.lines, order.country)
  return c.json({ ...order, lines, totals: total(lines) })
})

/** Cancels an order that was not shipped yet. */
orders.delete("/:id", zValidator("param", idParam), (c) => {
  const order = visible(c.req.valid("param").id, c.get("user"))
  if (!order) throw new HTTPException(404, { message: "no such order" })
  if (order.state === "shipped") return c.json({ error: "too late", state: order.state }, 409)
  return c.body(null, 204)
})
