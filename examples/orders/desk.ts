import { hostname } from "node:os"
import { Hono } from "hono"
import { HTTPException } from "hono/http-exception"
import { requireUser } from "./auth.ts"
import type { ShopEnv } from "./env.ts"

/** Customers who rang the bell since this process started. */
let rings = 0

/**
 * The clerks' desk. Two of its routes need the process they run in, so they stay in the gateway: the
 * host's name, and a counter that requests share.
 */
export const desk = new Hono<ShopEnv>()

desk.onError((error, c) =>
  c.json({ desk: "closed", reason: error.message }, error instanceof HTTPException ? error.status : 500),
)

desk.use(requireUser)

/** Only clerks pass; the desk answers errors in its own format. */
desk.get("/shift", (c) => {
  const user = c.get("user")
  if (user.role !== "clerk") throw new HTTPException(403, { message: `${user.name} is no clerk` })
  return c.json({ clerk: user.name, hours: [9, 17], languages: { de: true, fr: false } })
})

/** Which host this is. */
desk.get("/host", (c) => c.json({ hostname: hostname() }))

/** Rings the bell. */
desk.post("/bell", (c) => {
  rings += 1
  return c.json({ rings })
})
