import type { ErrorHandler, NotFoundHandler } from "hono"
import { HTTPException } from "hono/http-exception"

/** A line names a product that the shop does not sell. */
export class UnknownProduct extends Error {
  override readonly name = "UnknownProduct"
  readonly sku: string

  constructor(sku: string) {
    super(`there is no product ${sku}`)
    this.sku = sku
  }
}

/** The shop's error format, for everything that is thrown. */
export const onError: ErrorHandler = (error, c) => {
  if (error instanceof HTTPException) {
    // An exception that brings its own response keeps it.
    if (error.res) return error.getResponse()
    return c.json({ error: error.message, code: error.status }, error.status)
  }
  if (error instanceof UnknownProduct) return c.json({ error: error.message, sku: error.sku }, 422)
  return c.json({ error: "something went wrong", kind: error.name }, 500)
}

/** The shop's answer where there is nothing. */
export const notFound: NotFoundHandler = (c) => c.json({ error: "not found", path: c.req.path }, 404)
