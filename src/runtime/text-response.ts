/** A response as Faasm's own servers send it: a status and plain text. */
export interface TextResponse {
  status: number
  body: string | Uint8Array
}

/** Makes a {@link TextResponse}. */
export function text(status: number, body: string | Uint8Array): TextResponse {
  return { status, body }
}
