import { zValidator } from "@hono/zod-validator"
import { Hono } from "hono"
import { z } from "zod"

/** Bodies of several types, both ways. */

type Shape = { kind: "circle"; r: number } | { kind: "square"; side: number; rounded?: boolean } | Group
interface Group {
  kind: "group"
  shapes: Shape[]
}

const SHAPES: Record<string, Shape> = {
  circle: { kind: "circle", r: -0.5 },
  square: { kind: "square", side: 2, rounded: false },
  group: {
    kind: "group",
    shapes: [
      { kind: "circle", r: 1 },
      { kind: "group", shapes: [] },
    ],
  },
}

const MIXED: Record<string, string | number | boolean | null | number[] | string[] | { a: string }> = {
  text: "a",
  empty: "",
  number: 0,
  boolean: false,
  none: null,
  numbers: [1, 2],
  texts: ["x"],
  object: { a: "é" },
}

const payment = z.discriminatedUnion("way", [
  z.object({
    way: z.literal("card"),
    token: z.string(),
    amounts: z.array(z.union([z.number(), z.string()])),
  }),
  z.object({ way: z.literal("invoice"), days: z.number().default(14), note: z.string().nullish() }),
])

const app = new Hono()
app.get("/shapes/:name", (c) => {
  const shape = SHAPES[c.req.param("name")]
  return shape ? c.json(shape) : c.json({ error: "no such shape", names: Object.keys(SHAPES) }, 404)
})
app.get("/mixed", (c) => c.json(MIXED))
app.get("/mixed/:name", (c) => c.json(MIXED[c.req.param("name")] ?? null))
app.get("/either", (c) => (c.req.query("a") ? c.json({ a: 1 }) : c.json({ b: ["x"], c: null })))
app.get("/tree", (c) => {
  interface Tree {
    value: number
    children: Tree[]
  }
  const tree: Tree = { value: 1, children: [{ value: 2, children: [{ value: 3, children: [] }] }] }
  return c.json(tree)
})
app.get("/anything", (c) =>
  c.json({ id: 1, data: JSON.parse('{"a":[1,null,"x"]}'), more: undefined as unknown as object }),
)
app.post("/pay", zValidator("json", payment), (c) => {
  const paid = c.req.valid("json")
  return c.json({ paid, text: paid.way === "card" ? paid.token : `in ${paid.days} days` })
})

export default app
