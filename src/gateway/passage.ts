import type { MessageCodec } from "../codec/index.ts"

/**
 * Lets the messages of an RPC pass through the app as they are.
 *
 * An RPC goes through the app as the HTTP request that it stands for, so that middleware and validators run. Where none
 * of them needs the request or the answer in HTTP's form, the bytes need not be converted there and back.
 */
export class Passage {
  readonly #route: number
  readonly #message: Uint8Array | undefined
  readonly #replies = new WeakMap<ReadableStream, { codec: MessageCodec; message: Uint8Array }>()

  /**
   * @param route - row of the route's handler in `app.routes`
   * @param message - the route's request message, unless the request has to be encoded anew
   */
  constructor(route: number, message: Uint8Array | undefined) {
    this.#route = route
    this.#message = message
  }

  /** The request message, for the route that it belongs to: the request may have been routed to another. */
  requestFor(route: number): Uint8Array | undefined {
    return route === this.#route ? this.#message : undefined
  }

  /** A response body that becomes JSON text only when somebody reads it. */
  bodyOf(codec: MessageCodec, message: Uint8Array): ReadableStream {
    const stream = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          controller.enqueue(codec.toJsonBytes(message))
          controller.close()
        },
      },
      { highWaterMark: 0 },
    )
    this.#replies.set(stream, { codec, message })
    return stream
  }

  /** The message of a body that {@link bodyOf} made of this codec's message, and that nobody has read. */
  replyOf(codec: MessageCodec, response: Response): Uint8Array | undefined {
    const reply = response.body && !response.bodyUsed ? this.#replies.get(response.body) : undefined
    return reply?.codec === codec ? reply.message : undefined
  }
}

const passages = new WeakMap<Request, Passage>()

/** Attaches a passage to the HTTP request that stands for an RPC. */
export function attachPassage(request: Request, passage: Passage): void {
  passages.set(request, passage)
}

/** The passage of a request; undefined when it came as HTTP. */
export function passageOf(request: Request): Passage | undefined {
  return passages.get(request)
}
