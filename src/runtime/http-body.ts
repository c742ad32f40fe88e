import type { IncomingMessage } from "node:http"

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
 * @throws BodyTooLargeError as soon as it has more than `maxBytes`. The rest has not been read: close the
 * connection after the response.
 */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const refuse = () => {
      request.pause()
      request.off("data", onData)
      reject(new BodyTooLargeError(maxBytes))
    }
    const onData = (chunk: Buffer) => {
      size += chunk.length
      if (size > maxBytes) refuse()
      else chunks.push(chunk)
    }
    if (Number(request.headers["content-length"]) > maxBytes) {
      refuse()
      return
    }
    request.on("data", onData)
    request.on("end", () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size)))
    request.on("error", reject)
    request.on("close", () => reject(new Error("the request was cut off")))
  })
}
