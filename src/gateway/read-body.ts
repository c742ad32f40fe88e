import type { HonoRequest } from "hono"

/**
 * Reads a request's body as bytes, in whatever form middleware has read it before.
 *
 * Form data that was parsed from the raw request has lost its text: it is written again, under a boundary of
 * its own, so the content type that names it is returned too.
 */
export async function readBody(request: HonoRequest): Promise<{ bytes: Uint8Array; contentType?: string }> {
  const cache = request.bodyCache
  if (cache.formData && !cache.arrayBuffer && !cache.text && !cache.blob && !cache.json) {
    const written = new Response(await cache.formData)
    const bytes = new Uint8Array(await written.arrayBuffer())
    return { bytes, contentType: written.headers.get("content-type") ?? undefined }
  }
  return { bytes: new Uint8Array(await request.arrayBuffer()) }
}
