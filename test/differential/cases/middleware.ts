import type { RequestCase } from "../request-case.ts"

const paths = [
  ..."/vars/get /vars/object /vars/unset /vars/set /vars/replace".split(" "),
  ..."/headers/none /headers/text /headers/replace /headers/delete /headers/in-json /headers/cookie".split(
    " ",
  ),
  ..."/headers/plain /headers/not-found /headers/throws /headers/nowhere".split(" "),
  ..."/status/kept /status/kept-text /status/own /replace/text /guard/in /secure/x".split(" "),
  ..."/any /one /other /twice /outer/1/inner/2 /outer/1/inner/2/deep /outer/1/inner/2/deep/k /nowhere".split(
    " ",
  ),
]
const form = { "content-type": "application/x-www-form-urlencoded" }

/** Requests to apps/middleware.ts. */
export const middlewareCases: RequestCase[] = [
  ...paths.map((path) => ({ request: `GET ${path}` })),
  { request: "GET /guard/in", headers: { "x-pass": "yes" } },
  { request: "GET /cors/x", headers: { origin: "https://example.com" } },
  { request: "PUT /cors/x", headers: { origin: "https://example.com" } },
  { request: "GET /cors/x", headers: { origin: "https://other.example" } },
  {
    request: "OPTIONS /cors/x",
    headers: { origin: "https://example.com", "access-control-request-method": "PUT" },
  },
  { request: "GET /etag/x" },
  { request: "GET /etag/x", headers: { "if-none-match": '"8e1ec218dc7ecaadd65388fba9b6723ce114268a"' } },
  { request: "POST /body/form", headers: form, body: "a=1&b=2" },
  { request: "POST /body/text", headers: form, body: "a=1&b=%20" },
  { request: "POST /raw/used", body: "gone", runsLocally: true },
  { request: "POST /raw/unread", body: "gone" },
  ...["GET", "POST", "PUT", "PATCH", "PURGE", "OPTIONS", "HEAD", "DELETE"].map((m) => ({
    request: `${m} /method`,
  })),
  ...["POST", "DELETE", "PROPFIND", "HEAD"].map((m) => ({ request: `${m} /any` })),
]
