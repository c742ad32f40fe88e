import { Hono } from "hono"
import { validator } from "hono/validator"

interface Strings {
  values: string[]
}

interface Numbers {
  values: number[]
}

interface Nested {
  name: string
  children: { name: string; children: { name: string; children: { name: string; visible: boolean }[] }[] }[]
}

const app = new Hono()

/** Gives strings back. */
app.post(
  "/strings",
  validator("json", (value) => value as Strings),
  (c) => c.json(c.req.valid("json")),
)

/** Gives numbers back. */
app.post(
  "/numbers",
  validator("json", (value) => value as Numbers),
  (c) => c.json(c.req.valid("json")),
)

/** Gives a tree back. */
app.post(
  "/nested",
  validator("json", (value) => value as Nested),
  (c) => c.json(c.req.valid("json")),
)

export default app
