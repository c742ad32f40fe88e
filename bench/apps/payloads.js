import { Hono } from "hono"
import { validator } from "hono/validator"

const app = new Hono()
/** Adds up an order: about as much work as an ordinary handler does, with a body both ways. */
app.post(
  "/price",
  validator("json", (value, c) => {
    if (!Array.isArray(value?.lines)) return c.text("no lines", 400)
    return value
  }),
  (c) => {
    const { customer, currency, lines } = c.req.valid("json")
    const priced = lines.map((line) => ({ ...line, price: line.quantity * line.unitPrice }))
    return c.json({
      customer,
      currency,
      lines: priced,
      total: priced.reduce((sum, line) => sum + line.price, 0),
    })
  },
)
export default app
