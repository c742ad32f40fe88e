import { once } from "node:events"
import { createServer, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"

/** What a test's planner got. */
export interface PlannerRequest {
  type: string
  payload: Record<string, unknown> & { appId?: number; messages?: Record<string, unknown>[] }
  at: number
}

/** Answers a request; returns status and text, or ends the answer itself. */
export type PlannerAnswerer = (
  request: PlannerRequest,
  response: ServerResponse,
) => [number, string] | undefined

/** A planner that answers as the test says. */
export class FakePlanner {
  readonly requests: PlannerRequest[] = []
  connections = 0
  readonly #server: Server

  private constructor(answer: PlannerAnswerer) {
    this.#server = createServer(async (incoming, response) => {
      let text = ""
      for await (const chunk of incoming) text += chunk
      const { http_type: type, payload } = JSON.parse(text)
      const request = {
        type,
        payload: payload === undefined ? {} : JSON.parse(payload),
        at: performance.now(),
      }
      this.requests.push(request)
      const answered = answer(request, response)
      if (answered) response.writeHead(answered[0], { "content-type": "text/plain" }).end(answered[1])
    })
    this.#server.on("connection", () => {
      this.connections += 1
    })
  }

  static async start(answer: PlannerAnswerer): Promise<FakePlanner> {
    const planner = new FakePlanner(answer)
    await once(planner.#server.listen(0, "127.0.0.1"), "listening")
    return planner
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  count(type: string): number {
    return this.requests.filter((request) => request.type === type).length
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

/** The status of a batch whose only message has ended. */
export function finished(
  request: PlannerRequest,
  id: unknown,
  result: Record<string, unknown>,
): [number, string] {
  return [
    200,
    JSON.stringify({ appId: request.payload.appId, finished: true, messageResults: [{ id, ...result }] }),
  ]
}
