/**
 * A shop's API: catalogue, carts, orders, prices with tax. An ordinary Hono app that knows nothing
 * of Faasm.
 *
 * @module
 */

import { Hono } from "hono"
import { pickCountry } from "./auth.ts"
import { carts } from "./carts.ts"
import { catalogue } from "./catalogue.ts"
import { desk } from "./desk.ts"
import type { ShopEnv } from "./env.ts"
import { notFound, onError } from "./errors.ts"
import { orders } from "./orders.ts"

const app = new Hono<ShopEnv>()

app.onError(onError)
app.notFound(notFound)

/** A page for people who open the API in a browser. */
app.get("/", (c) => c.html("<!doctype html><title>Shop</title><h1>Shop API</h1><p>See <code>/api</code></p>"))

/** Short links, for packing slips. */
app.get("/p/:sku", (c) => c.redirect(`/api/products/${encodeURIComponent(c.req.param("sku"))}`, 302))

const api = new Hono<ShopEnv>().basePath("/api")
api.use(pickCountry)
api.route("/products", catalogue)
api.route("/cart", carts)
api.route("/orders", orders)
api.route("/desk", desk)

app.route("/", api)

export default app
