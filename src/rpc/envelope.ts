import type { Code, ConnectError } from "@connectrpc/connect"
import { codeToString, endStreamFromJson } from "@connectrpc/connect/protocol-connect"
import { MalformedFrameError } from "./malformed-frame-error.ts"

/** Bytes before each message of a Connect stream: flags, and the length as a big-endian uint32. */
export const ENVELOPE_BYTES = 5

const FLAG_COMPRESSED = 1
const FLAG_END_STREAM = 2

/** A buffer for a message of a known size, its envelope already written. */
export function allocateEnvelope(messageBytes: number, flags = 0): Buffer {
  const buffer = Buffer.allocUnsafe(ENVELOPE_BYTES + messageBytes)
  buffer[0] = flags
  buffer.writeUInt32BE(messageBytes, 1)
  return buffer
}

/** The last message of a server's stream. */
export function endStreamEnvelope(error?: { code: Code; message: string }): Buffer {
  const json = error ? { error: { code: codeToString(error.code), message: error.message } } : {}
  const text = Buffer.from(JSON.stringify(json))
  const buffer = allocateEnvelope(text.length, FLAG_END_STREAM)
  text.copy(buffer, ENVELOPE_BYTES)
  return buffer
}

/** What an {@link EnvelopeReader} finds. */
export interface EnvelopeHandler {
  /** A message, not copied. */
  message(bytes: Uint8Array): void
  /** The server ended the stream, with an error or without. */
  end?(error: ConnectError | undefined): void
}

/** Chunks of fewer bytes are copied together. */
const SMALL_BYTES = 512

/** Bytes of a buffer of small chunks. */
const GATHERED_BYTES = 4096

const NO_BYTES = Buffer.alloc(0)

/** Finds the messages in the bytes of a Connect stream, however they are cut into chunks. */
export class EnvelopeReader {
  readonly #maxBytes: number
  readonly #handler: EnvelopeHandler
  /** The beginning of a message whose rest has not come. */
  #parts: Uint8Array[] = []
  #buffered = 0
  /** What is left of the buffer that the last part lies in. */
  #spare: Buffer = NO_BYTES
  /** What has to be there before there is anything to do. */
  #needed = ENVELOPE_BYTES

  /** @param maxBytes - the largest message, in bytes */
  constructor(maxBytes: number, handler: EnvelopeHandler) {
    this.#maxBytes = maxBytes
    this.#handler = handler
  }

  /** True between messages. */
  get isEmpty(): boolean {
    return this.#buffered === 0
  }

  /**
   * Takes the next bytes.
   *
   * @throws MalformedFrameError
   */
  push(chunk: Uint8Array): void {
    if (this.#buffered > 0) {
      this.#append(chunk)
      if (this.#buffered < this.#needed) return
      chunk = Buffer.concat(this.#parts, this.#buffered)
      this.#parts = []
      this.#buffered = 0
      this.#spare = NO_BYTES
    }
    let at = 0
    for (;;) {
      const left = chunk.length - at
      if (left < ENVELOPE_BYTES) {
        this.#keep(chunk, at, ENVELOPE_BYTES)
        return
      }
      const flags = chunk[at]!
      const length =
        chunk[at + 1]! * 0x100_0000 + ((chunk[at + 2]! << 16) | (chunk[at + 3]! << 8) | chunk[at + 4]!)
      if (length > this.#maxBytes)
        throw new MalformedFrameError(
          "too-large",
          `a frame of ${length} bytes arrived; ${this.#maxBytes} are allowed`,
        )
      if (left < ENVELOPE_BYTES + length) {
        this.#keep(chunk, at, ENVELOPE_BYTES + length)
        return
      }
      const start = at + ENVELOPE_BYTES
      at = start + length
      this.#take(flags, chunk.subarray(start, at))
    }
  }

  #keep(chunk: Uint8Array, at: number, needed: number): void {
    this.#needed = needed
    if (at === chunk.length) return
    this.#append(chunk.subarray(at))
  }

  /** Small chunks are gathered: each by itself would take a hundred times its bytes. */
  #append(chunk: Uint8Array): void {
    this.#buffered += chunk.length
    if (chunk.length >= SMALL_BYTES) {
      this.#parts.push(chunk)
      this.#spare = NO_BYTES
      return
    }
    if (chunk.length <= this.#spare.length) {
      const last = this.#parts.pop()!
      this.#spare.set(chunk)
      this.#parts.push(new Uint8Array(last.buffer, last.byteOffset, last.length + chunk.length))
      this.#spare = this.#spare.subarray(chunk.length)
    } else {
      const gathered = Buffer.allocUnsafeSlow(GATHERED_BYTES)
      gathered.set(chunk)
      this.#parts.push(gathered.subarray(0, chunk.length))
      this.#spare = gathered.subarray(chunk.length)
    }
  }

  #take(flags: number, bytes: Uint8Array): void {
    if (flags === 0) this.#handler.message(bytes)
    else if (flags === FLAG_END_STREAM && this.#handler.end) this.#handler.end(errorOf(bytes))
    else if (flags & FLAG_COMPRESSED)
      throw new MalformedFrameError("malformed", "a frame is compressed; that was not agreed")
    else throw new MalformedFrameError("malformed", `an envelope has the unknown flags ${flags}`)
  }
}

function errorOf(bytes: Uint8Array): ConnectError | undefined {
  try {
    return endStreamFromJson(bytes).error
  } catch (cause) {
    throw new MalformedFrameError("malformed", "the end of the stream is no Connect end-stream message", {
      cause,
    })
  }
}
