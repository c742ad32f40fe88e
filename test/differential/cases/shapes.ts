import { json, type RequestCase } from "../request-case.ts"

/** Requests to the schema's fixture of tuples. */
export const tupleCases: RequestCase[] = [
  { request: "GET /point" },
  { request: "GET /row" },
  { request: "GET /track" },
  json("POST /sent", {
    span: ["2024-02-28T00:00:00.000Z", "2024-03-01T12:00:00.000Z"],
    path: [
      [0, -0.5],
      [1, 2],
    ],
    log: ["a", 1, 2, 3],
  }),
  json("POST /sent", { span: [], path: [], log: [] }),
]

/** Requests to the schema's fixture of objects with other properties. */
export const openObjectCases: RequestCase[] = [
  ...["labels", "counts", "loose", "by-number", "partial", "maybe", "numbered"].map((path) => ({
    request: `GET /${path}`,
  })),
  json("POST /rest", { a: "x", b: 1, "": 0, constructor: 2 }),
  json("POST /rest", { a: "x" }),
  json("POST /rest", { a: "x", b: "y" }),
]

/** Requests to the schema's fixture of numbers. */
export const numberCases: RequestCase[] = [
  { request: "GET /stock" },
  json("POST /add", { id: "123456789012345678901234567890", more: [1, "-5"] }),
  json("POST /add", { id: "no", more: [] }),
]

/** Requests to the schema's fixture of recursive types. */
export const recursiveCases: RequestCase[] = [
  ...["folder", "account", "accounts", "json", "page"].map((path) => ({ request: `GET /${path}` })),
  json("POST /comment", { text: "a", replies: [{ text: "b", replies: [{ text: "c", replies: [] }] }] }),
  json("POST /comment", { text: "a", replies: [{ text: "b" }] }),
]
