import { native } from "../native.ts"
import { ReadableStream } from "./readable-stream.ts"
import { decodeUtf8 } from "./text-coding.ts"

/** What a blob is made of. */
export type BlobPart = string | ArrayBuffer | ArrayBufferView | Blob

/** The web's Blob. */
export class Blob {
  #bytes: Uint8Array<ArrayBuffer>
  readonly type: string

  constructor(parts: Iterable<BlobPart> = [], options?: { type?: string }) {
    const chunks = Array.from(parts, bytesOf)
    this.#bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0))
    let at = 0
    for (const chunk of chunks) {
      this.#bytes.set(chunk, at)
      at += chunk.length
    }
    const type = String(options?.type ?? "")
    this.type = /^[\x20-\x7e]*$/.test(type) ? type.toLowerCase() : ""
  }

  /** The blob's own bytes, not a copy. */
  static bytesOf(blob: Blob): Uint8Array<ArrayBuffer> {
    return blob.#bytes
  }

  get size(): number {
    return this.#bytes.length
  }

  slice(start = 0, end = this.size, type = ""): Blob {
    return new Blob([this.#bytes.slice(start, end)], { type })
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return this.#bytes.slice().buffer
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#bytes.slice()
  }

  async text(): Promise<string> {
    return decodeUtf8(this.#bytes)
  }

  stream(): ReadableStream {
    return ReadableStream.ofChunk(() => this.#bytes.slice())
  }

  get [Symbol.toStringTag](): string {
    return "Blob"
  }
}

/** The web's File. */
export class File extends Blob {
  readonly name: string
  readonly lastModified: number

  constructor(parts: Iterable<BlobPart>, name: string, options?: { type?: string; lastModified?: number }) {
    super(parts, options)
    this.name = String(name)
    this.lastModified = options?.lastModified ?? Date.now()
  }

  override get [Symbol.toStringTag](): string {
    return "File"
  }
}

function bytesOf(part: BlobPart): Uint8Array {
  if (part instanceof Blob) return Blob.bytesOf(part)
  if (part instanceof ArrayBuffer) return new Uint8Array(part)
  if (ArrayBuffer.isView(part)) return new Uint8Array(part.buffer, part.byteOffset, part.byteLength)
  return native.utf8Encode(String(part))
}
