/** A request that is sent to the native app and to its gateway. */
export interface RequestCase {
  /** `GET /path?query` */
  request: string
  headers?: Record<string, string>
  body?: string | Uint8Array<ArrayBuffer> | FormData | URLSearchParams
  /** The request can't travel, so the handler runs in the gateway. */
  runsLocally?: boolean
  /** The body has the text of an error that the engine made, which docs/fidelity.md says differs. */
  engineText?: boolean
}

/** A request with a JSON body. */
export function json(request: string, value: unknown, headers?: Record<string, string>): RequestCase {
  return { request, headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(value) }
}

/** A form of the given fields, as a browser sends it. */
export function multipart(fields: [name: string, value: string | File][]): FormData {
  const form = new FormData()
  for (const [name, value] of fields) form.append(name, value)
  return form
}

/** Makes the request, a new one for each app. */
export function toRequest({ request, headers, body }: RequestCase): Request {
  const [method, path] = request.split(" ") as [string, string]
  // Multipart is written once and under one boundary, so that both apps get the same bytes.
  return new Request(`http://localhost${path}`, { method, headers, body })
}
