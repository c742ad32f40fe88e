import { Code } from "@connectrpc/connect"
import { decodeClientFrame } from "../../rpc/client-frame.ts"
import { type FramePort, StreamError } from "./frame-port.ts"
import type { Session } from "./session.ts"
import type { Sessions } from "./sessions.ts"

/** One stream of a client: finds its session by the first frame, and gives the frames to it. */
export class ChannelStream {
  readonly #sessions: Sessions
  readonly #port: FramePort
  #session: Session | undefined
  #ended = false

  constructor(sessions: Sessions, port: FramePort) {
    this.#sessions = sessions
    this.#port = port
  }

  /** Takes the next frame, without its envelope. A frame that is wrong ends the stream; its session stays. */
  receive(bytes: Uint8Array): void {
    if (this.#ended) return
    try {
      const frame = decodeClientFrame(bytes)
      if (!this.#session) {
        // The session is known before the rest of the frame is looked at, which may be wrong.
        this.#session = this.#sessions.open(frame.hello, this.#port)
        this.#session.receive(frame)
        this.#sessions.opened(this.#session)
      } else if (frame.hello) throw new StreamError(Code.InvalidArgument, "a stream may have one hello only")
      else if (this.#session.port === this.#port) this.#session.receive(frame)
    } catch (error) {
      this.fail(error)
    }
  }

  /** The client has half-closed. */
  halfClose(): void {
    if (this.#ended) return
    if (!this.#session) this.#port.end()
    else if (this.#session.port === this.#port) this.#session.halfClose()
    else this.#ended = true
  }

  /** Ends the stream because of what came by it. */
  fail(error: unknown): void {
    if (this.#ended) return
    this.closed()
    this.#port.end(StreamError.from(error))
  }

  /** The stream is gone. */
  closed(): void {
    this.#ended = true
    this.#session?.detach(this.#port)
  }
}
