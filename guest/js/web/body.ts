import { native } from "../native.ts"
import { Blob } from "./blob.ts"
import { decodeForm, encodeMultipart } from "./form-body.ts"
import { FormData } from "./form-data.ts"
import { drain, ReadableStream } from "./readable-stream.ts"
import { decodeUtf8 } from "./text-coding.ts"
import { URLSearchParams } from "./url-search-params.ts"

/** What a body can be made of. */
export type BodyInit =
  | string
  | ArrayBuffer
  | ArrayBufferView
  | Blob
  | FormData
  | URLSearchParams
  | ReadableStream
  | null
  | undefined

/** A value that becomes JSON text only if someone reads it here. */
export class JsonValue {
  readonly value: unknown

  constructor(value: unknown) {
    this.value = value
  }
}

/** What a body is kept as. */
export type BodySource = string | Uint8Array<ArrayBuffer> | JsonValue | ReadableStream | null

/** A body's source and the content type that it implies. */
export interface ExtractedBody {
  source: BodySource
  type: string | null
}

/** Turns what a constructor was given into a source. */
export function extractBody(init: BodyInit | JsonValue): ExtractedBody {
  if (init === null || init === undefined) return { source: null, type: null }
  if (typeof init === "string") return { source: init, type: "text/plain;charset=UTF-8" }
  if (init instanceof JsonValue) return { source: init, type: null }
  if (init instanceof ReadableStream) {
    const source = takeSource(init)
    return { source, type: null }
  }
  if (init instanceof Blob) return { source: Blob.bytesOf(init), type: init.type || null }
  if (init instanceof ArrayBuffer) return { source: new Uint8Array(init.slice(0)), type: null }
  if (ArrayBuffer.isView(init)) {
    const view = new Uint8Array(init.buffer as ArrayBuffer, init.byteOffset, init.byteLength)
    return { source: view.slice(), type: null }
  }
  if (init instanceof URLSearchParams) {
    return { source: init.toString(), type: "application/x-www-form-urlencoded;charset=UTF-8" }
  }
  if (init instanceof FormData) return encodeMultipart(init)
  return { source: String(init), type: "text/plain;charset=UTF-8" }
}

/** Streams that stand for the unread body of a request or response. */
const owners = new WeakMap<ReadableStream, Body>()

function takeSource(stream: ReadableStream): BodySource {
  const owner = owners.get(stream)
  // Passing on an unread body keeps what it is, such as a JSON value.
  const source = owner ? Body.takeUnread(owner) : stream.locked ? undefined : stream
  if (source === undefined) throw new TypeError("Body is unusable: it has been read or is locked")
  return source
}

/** What Request and Response have in common. */
export abstract class Body {
  #source: BodySource = null
  #used = false
  #stream: ReadableStream | undefined

  abstract readonly headers: { get(name: string): string | null }

  /** Gives a body its source. */
  static give(body: Body, source: BodySource): void {
    body.#source = source
  }

  /** Takes the source out, as reading does; undefined when it has been read. */
  static takeUnread(body: Body): BodySource | undefined {
    const stream = body.#stream
    if (body.#used || (stream !== undefined && (stream.disturbed || stream.locked))) return undefined
    // An absent body can be read again and again.
    body.#used = body.#source !== null
    return body.#source
  }

  /** The source for a copy, without reading. */
  static share(body: Body): BodySource {
    if (body.bodyUsed) throw new TypeError("Body is unusable: it has been read already")
    const source = body.#source
    if (!(source instanceof ReadableStream)) return source
    const [mine, other] = source.tee()
    body.#source = mine
    body.#stream = undefined
    return other
  }

  get bodyUsed(): boolean {
    return this.#used || this.#stream?.disturbed === true
  }

  get body(): ReadableStream | null {
    if (this.#source === null) return null
    if (this.#source instanceof ReadableStream) return this.#source
    if (!this.#stream) {
      this.#stream = ReadableStream.ofChunk(() => bytesOf(this.#source))
      owners.set(this.#stream, this)
    }
    return this.#stream
  }

  async text(): Promise<string> {
    const source = await this.#read()
    if (typeof source === "string") return source.toWellFormed()
    return source === null ? "" : decodeUtf8(source)
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text())
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return bytesOf(await this.#read())
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return (await this.bytes()).buffer
  }

  async blob(): Promise<Blob> {
    return new Blob([await this.bytes()], { type: this.headers.get("content-type") ?? "" })
  }

  async formData(): Promise<FormData> {
    return decodeForm(this.headers.get("content-type") ?? "", bytesOf(await this.#read()))
  }

  async #read(): Promise<string | Uint8Array<ArrayBuffer> | null> {
    const source = Body.takeUnread(this)
    if (source === undefined) throw new TypeError("Body is unusable: Body has already been read")
    if (source instanceof ReadableStream) return drain(source)
    return source instanceof JsonValue ? jsonText(source) : source
  }
}

/** JSON.stringify of the value; what it leaves out is an absent body's text. */
function jsonText({ value }: JsonValue): string {
  return JSON.stringify(value) ?? ""
}

function bytesOf(source: BodySource): Uint8Array<ArrayBuffer> {
  if (source === null) return new Uint8Array()
  if (typeof source === "string") return native.utf8Encode(source)
  if (source instanceof JsonValue) return native.utf8Encode(jsonText(source))
  return (source as Uint8Array<ArrayBuffer>).slice()
}
