import type { IncomingHttpHeaders } from "node:http"
import { type Dispatcher, Pool } from "undici"

/** A client that keeps its connections, and costs little itself. */
export class HttpClient {
  readonly #pool: Pool

  constructor(url: string) {
    this.#pool = new Pool(url, { connections: 256 })
  }

  /** Sends a request and reads the answer; its headers. Rejects unless the status is 2xx. */
  async send(
    request: Pick<Dispatcher.RequestOptions, "path" | "method" | "body"> & {
      headers: Record<string, string>
    },
  ): Promise<IncomingHttpHeaders> {
    const { statusCode, headers, body } = await this.#pool.request(request)
    if (statusCode < 200 || statusCode > 299) {
      throw new Error(`${request.method} ${request.path}: ${statusCode} ${await body.text()}`)
    }
    await body.dump()
    return headers
  }

  close(): Promise<void> {
    return this.#pool.close()
  }
}
