import { zValidator } from "@hono/zod-validator"
import { Hono } from "hono"
import { deleteCookie, getCookie, setCookie } from "hono/cookie"
import { HTTPException } from "hono/http-exception"
import { z } from "zod"
import type { Country, ShopEnv } from "./env.ts"
import { type Line, type PricedLine, priceLines, type Totals, total } from "./pricing.ts"

/** A line as clients send it. */
export const lineSchema = z.object({
  sku: z.string().min(1),
  quantity: z.number().int().min(1).max(999),
  note: z.string().max(200).nullish(),
})

const cartSchema = z.object({
  lines: z.array(lineSchema).max(500),
  voucher: z.string().optional(),
})

/** The cart lives in a cookie, `mug-01*2.book-07*1`, so that the shop keeps no state. */
const toCookie = (lines: readonly Line[]): string => lines.map((l) => `${l.sku}*${l.quantity}`).join(".")

function fromCookie(text: string): Line[] {
  return text
    .split(".")
    .filter(Boolean)
    .map((part) => {
      const [sku = "", quantity] = part.split("*")
      return { sku, quantity: Number(quantity) || 1 }
    })
}

/** What clients see of a cart. */
interface PricedCart {
  lines: PricedLine[]
  totals: Totals
  voucher: string | null
}

function priceCart(lines: readonly Line[], country: Country, voucher?: string): PricedCart {
  const priced = priceLines(lines, country)
  return { lines: priced, totals: total(priced, voucher), voucher: voucher ?? null }
}

/** Carts: priced on the fly. */
export const carts = new Hono<ShopEnv>()
  /** Prices a cart and keeps it in a cookie. */
  .put("/", zValidator("json", cartSchema), (c) => {
    const { lines, voucher } = c.req.valid("json")
    if (lines.length === 0) throw new HTTPException(400, { message: "an empty cart has no price" })
    const cart = priceCart(lines, c.get("country"), voucher)
    setCookie(c, "cart", toCookie(lines), { path: "/", httpOnly: true, sameSite: "Lax" })
    setCookie(c, "country", c.get("country"), { path: "/" })
    return c.json(cart)
  })
  /** The cart of the cookie. */
  .get("/", (c) => {
    const cookie = getCookie(c, "cart")
    if (!cookie) return c.json({ error: "there is no cart" }, 404)
    return c.json(priceCart(fromCookie(cookie), c.get("country")), 200)
  })
  /** Throws the cart away. */
  .delete("/", (c) => {
    deleteCookie(c, "cart", { path: "/" })
    return c.body(null, 204)
  })
