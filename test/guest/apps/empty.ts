import { Hono } from "hono"

/** An app without routes, for what the guest brings along. */
export default new Hono()
