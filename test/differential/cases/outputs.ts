import type { RequestCase } from "../request-case.ts"

const paths = [
  ..."/json /item /item-full /item-null-list /list /empty-list /empty-object /null /string /number /boolean /edges".split(
    " ",
  ),
  ..."/nested-lists /numbers /date /undefined /to-json /map-of-objects /union".split(" "),
  ..."/status/200 /status/201 /status/202 /status/404 /status/418 /header-status /json-headers /json-init".split(
    " ",
  ),
  ..."/misfit-extra /misfit-type /misfit-null /misfit-literal /misfit-absent /any /unknown".split(" "),
  ..."/text /text-empty /text-status /text-header /text-after-header /html /html-status".split(" "),
  ..."/body-text /body-typed /body-null /body-bytes /body-buffer /no-content /not-modified /new-response".split(
    " ",
  ),
  ..."/big/1 /big/100 /big/1000 /big-json/0 /big-json/10 /big-json/1000".split(" "),
  ..."/redirect /redirect-301 /redirect-unicode /not-found /not-found-header".split(" "),
  ..."/headers /cookies /cookie-in-header".split(" "),
  ..."/plain /plain-json /plain-headers /plain-bytes /plain-redirect /async /microtask /no-such-route".split(
    " ",
  ),
]

/** Requests to apps/outputs.ts. */
export const outputCases: RequestCase[] = [
  ...paths.map((path) => ({ request: `GET ${path}` })),
  { request: "HEAD /item" },
  { request: "HEAD /text" },
  { request: "HEAD /cookies" },
  { request: "POST /item" },
]
