import { createMiddleware } from "hono/factory"
import { HTTPException } from "hono/http-exception"
import type { Country, ShopEnv, User } from "./env.ts"

const users: Record<string, User> = {
  "token-ada": { id: "u1", name: "Ada Lovelace", role: "clerk", company: "Analytical Engines" },
  "token-bob": { id: "u2", name: "Bob Ŝmith", role: "customer", company: null },
}

/** Refuses a request without a known bearer token; sets `user`. */
export const requireUser = createMiddleware<ShopEnv>(async (c, next) => {
  const token = c.req.header("authorization")?.match(/^Bearer (.+)$/)?.[1]
  const user = token === undefined ? undefined : users[token]
  if (!user) {
    throw new HTTPException(401, {
      res: c.json({ error: "a bearer token is needed" }, 401, { "www-authenticate": 'Bearer realm="shop"' }),
    })
  }
  c.set("user", user)
  await next()
})

/** Sets `country` from `x-country`, and marks every answer with it. */
export const pickCountry = createMiddleware<ShopEnv>(async (c, next) => {
  const asked = c.req.header("x-country")?.toUpperCase()
  const country: Country = asked === "DE" || asked === "FR" ? asked : "AT"
  c.set("country", country)
  c.header("x-country", country)
  await next()
  c.header("x-shop", "orders", { append: true })
})
