import { json, type RequestCase } from "../request-case.ts"

/** Requests to apps/unions.ts. */
export const unionCases: RequestCase[] = [
  ...["circle", "square", "group", "none"].map((name) => ({ request: `GET /shapes/${name}` })),
  { request: "GET /mixed" },
  ...["text", "empty", "number", "boolean", "none", "numbers", "texts", "object"].map((name) => ({
    request: `GET /mixed/${name}`,
  })),
  { request: "GET /either" },
  { request: "GET /either?a=1" },
  { request: "GET /tree" },
  { request: "GET /anything" },
  json("POST /pay", { way: "card", token: "t", amounts: [1, "2", 0, ""] }),
  json("POST /pay", { way: "invoice" }),
  json("POST /pay", { way: "invoice", days: 3, note: null }),
  json("POST /pay", { way: "cash" }),
]
