import type { RequestCase } from "../request-case.ts"

const paths = [
  ..."/error /teapot /rejects /header-then-throw /exception /exception-plain /exception-empty".split(" "),
  ..."/not-found /seen/ok /seen/error /seen/exception /seen/none".split(" "),
  ..."/shop/ok /shop/error /shop/exception /shop/none /shop/nowhere".split(" "),
  ..."/mall/error /mall/till/error /plain/error".split(" "),
]

/** Requests to apps/errors.ts. */
export const errorCases: RequestCase[] = [
  ...paths.map((path) => ({ request: `GET ${path}` })),
  { request: "GET /type-error", engineText: true },
  { request: "GET /json-error", engineText: true },
  { request: "HEAD /error" },
]

/** Requests to apps/defaults.ts. */
export const defaultCases: RequestCase[] = [
  ..."/ok /ok/ /slash /slash/ /not-found /error /exception /exception-res /nowhere".split(" "),
].map((path) => ({ request: `GET /v1${path}` }))
