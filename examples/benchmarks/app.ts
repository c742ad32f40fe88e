/**
 * What the evaluation measures: computing functions, and routes with real bodies. An ordinary Hono app that knows
 * nothing of Faasm.
 *
 * @module
 */
import { Hono } from "hono"
import { functions } from "./functions.ts"
import { shop } from "./shop.ts"

const app = new Hono()

app.route("/functions", functions)
app.route("/shop", shop)

export default app
