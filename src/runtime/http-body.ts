import type { IncomingMessage } from "node:http"
import type { Http2ServerRequest } from "node:http2"

/** A body is larger than its reader takes. */
export class BodyTooLargeError extends Error {
  constructor(maxBytes: number) {
    super(`the body has more than ${maxBytes} bytes`)
    this.name = "BodyTooLargeError"
  }
}

/**
 * Reads a request's body.
 *
 * @throws BodyTooLargeError as soon as it has more than `maxBytes`.
 */
export async function readBody(
  request: IncomingMessage | Http2ServerRequest,
  maxBytes: number,
): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > maxBytes) throw new BodyTooLargeError(maxBytes)
    chunks.push(chunk)
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size)
}
