/** Where a stream's chunks come from. */
export interface UnderlyingSource {
  start?(controller: StreamController): unknown
  pull?(controller: StreamController): unknown
  cancel?(reason?: unknown): unknown
}

/** What a source puts chunks into. */
export interface StreamController {
  enqueue(chunk: unknown): void
  close(): void
  error(reason?: unknown): void
  readonly desiredSize: number | null
}

type Result = { value: unknown; done: boolean }

/**
 * The part of the web's ReadableStream that bodies need: default readers, iteration, tee. A function has no
 * way to send a response bit by bit, so a stream in a response is read to its end first.
 */
export class ReadableStream {
  #source: UnderlyingSource
  #chunks: unknown[] = []
  #closed = false
  #failure: { reason: unknown } | undefined
  #started: Promise<unknown> | undefined
  #reader: object | undefined
  #disturbed = false
  #waiting: (() => void)[] = []
  #controller: StreamController

  constructor(source: UnderlyingSource = {}) {
    this.#source = source
    this.#controller = {
      enqueue: (chunk) => {
        if (this.#closed) throw new TypeError("ReadableStream: it is closed")
        this.#chunks.push(chunk)
        this.#wake()
      },
      close: () => {
        this.#closed = true
        this.#wake()
      },
      error: (reason) => {
        this.#failure ??= { reason }
        this.#wake()
      },
      get desiredSize() {
        return 1
      },
    }
    const started = source.start?.(this.#controller)
    if (started instanceof Promise) {
      this.#started = started.catch((reason) => this.#controller.error(reason))
    }
  }

  /** A stream of one chunk, made when it is asked for. */
  static ofChunk(make: () => Uint8Array): ReadableStream {
    return new ReadableStream({
      pull(controller) {
        const chunk = make()
        if (chunk.length > 0) controller.enqueue(chunk)
        controller.close()
      },
    })
  }

  static from(iterable: Iterable<unknown> | AsyncIterable<unknown>): ReadableStream {
    const iterator =
      (iterable as AsyncIterable<unknown>)[Symbol.asyncIterator]?.() ??
      (iterable as Iterable<unknown>)[Symbol.iterator]()
    return new ReadableStream({
      async pull(controller) {
        const { value, done } = await iterator.next()
        if (done) controller.close()
        else controller.enqueue(value)
      },
    })
  }

  get locked(): boolean {
    return this.#reader !== undefined
  }

  /** Whether anything was read. */
  get disturbed(): boolean {
    return this.#disturbed
  }

  getReader() {
    if (this.locked) throw new TypeError("ReadableStream: it is locked to a reader")
    const reader = {
      read: () => this.#next(),
      cancel: (reason?: unknown) => this.#cancel(reason),
      releaseLock: () => {
        if (this.#reader === reader) this.#reader = undefined
      },
    }
    this.#reader = reader
    return reader
  }

  async cancel(reason?: unknown): Promise<void> {
    if (this.locked) throw new TypeError("ReadableStream: it is locked to a reader")
    await this.#cancel(reason)
  }

  tee(): [ReadableStream, ReadableStream] {
    const reader = this.getReader()
    const branches: StreamController[] = []
    const pull = async () => {
      const { value, done } = await reader.read()
      for (const branch of branches) {
        if (done) branch.close()
        else branch.enqueue(value)
      }
    }
    const branch = () => new ReadableStream({ start: (controller) => void branches.push(controller), pull })
    return [branch(), branch()]
  }

  async *values(): AsyncGenerator<unknown> {
    const reader = this.getReader()
    try {
      for (;;) {
        const { value, done } = await reader.read()
        if (done) return
        yield value
      }
    } finally {
      reader.releaseLock()
    }
  }

  [Symbol.asyncIterator](): AsyncGenerator<unknown> {
    return this.values()
  }

  async #next(): Promise<Result> {
    this.#disturbed = true
    if (this.#started) await this.#started
    while (this.#chunks.length === 0) {
      if (this.#failure) throw this.#failure.reason
      if (this.#closed) return { value: undefined, done: true }
      await this.#pull()
    }
    return { value: this.#chunks.shift(), done: false }
  }

  async #pull(): Promise<void> {
    try {
      await this.#source.pull?.(this.#controller)
    } catch (reason) {
      this.#controller.error(reason)
    }
    if (this.#chunks.length > 0 || this.#closed || this.#failure) return
    // The source answers later.
    await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  async #cancel(reason: unknown): Promise<void> {
    this.#disturbed = true
    this.#closed = true
    this.#chunks = []
    this.#wake()
    await this.#source.cancel?.(reason)
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resume of waiting) resume()
  }
}

/** Reads a stream of bytes to its end. */
export async function drain(stream: ReadableStream): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of stream) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError("Received non-Uint8Array chunk")
    chunks.push(chunk)
    length += chunk.length
  }
  const all = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    all.set(chunk, at)
    at += chunk.length
  }
  return all
}
