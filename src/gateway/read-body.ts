import type { HonoRequest } from "hono"

/** A body has more bytes than a gateway reads. */
export class BodyTooLarge extends Error {
  override readonly name = "BodyTooLarge"

  constructor(maxBytes: number) {
    super(`the request's body has more than ${maxBytes} bytes`)
  }
}

/**
 * Reads a request's body as bytes, in whatever form middleware has read it before. What nobody has read yet is
 * refused as soon as it is known to be too large, without reading the rest.
 *
 * Form data that was parsed from the raw request has lost its text: it is written again, under a boundary of
 * its own, so the content type that names it is returned too.
 *
 * @throws {@link BodyTooLarge}
 */
export async function readBody(
  request: HonoRequest,
  maxBytes: number,
): Promise<{ bytes: Uint8Array; contentType?: string }> {
  const cache = request.bodyCache
  if (cache.formData && !cache.arrayBuffer && !cache.text && !cache.blob && !cache.json) {
    const written = new Response(await cache.formData)
    const bytes = bounded(new Uint8Array(await written.arrayBuffer()), maxBytes)
    return { bytes, contentType: written.headers.get("content-type") ?? undefined }
  }
  if (Object.keys(cache).length === 0) {
    const declared = request.raw.headers.get("content-length")
    if (declared !== null) {
      if (Number(declared) > maxBytes) throw new BodyTooLarge(maxBytes)
    } else if (request.raw.body) {
      const bytes = await readAll(request.raw.body, maxBytes)
      // For whoever reads the body after us: the stream is used up. Hono keeps promises here.
      cache.arrayBuffer = Promise.resolve(bytes.buffer) as unknown as ArrayBuffer
      return { bytes }
    }
  }
  return { bytes: bounded(new Uint8Array(await request.arrayBuffer()), maxBytes) }
}

async function readAll(body: ReadableStream<Uint8Array>, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let length = 0
  // Leaving the loop cancels the stream.
  for await (const chunk of body) {
    length += chunk.length
    if (length > maxBytes) throw new BodyTooLarge(maxBytes)
    chunks.push(chunk)
  }
  const bytes = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}

function bounded(bytes: Uint8Array, maxBytes: number): Uint8Array {
  if (bytes.length > maxBytes) throw new BodyTooLarge(maxBytes)
  return bytes
}
