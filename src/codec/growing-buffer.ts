const FIRST_BYTES = 4096

/** Memory of more bytes is given back after the text or message that needed it. */
const MOST_KEPT_BYTES = 1 << 20

/** A buffer that grows with what is written to it, and is used again for the next. */
export class GrowingBuffer {
  protected buffer = Buffer.allocUnsafeSlow(FIRST_BYTES)
  protected view = viewOf(this.buffer)
  /** Where the next byte goes. */
  at = 0

  /** Makes room for a number of bytes more. */
  reserve(bytes: number): void {
    if (this.at + bytes > this.buffer.length) this.grow(this.at + bytes)
  }

  /** Gives back the memory of something unusually large. */
  shrink(): void {
    if (this.buffer.length > MOST_KEPT_BYTES) this.#use(Buffer.allocUnsafeSlow(FIRST_BYTES))
  }

  /** Makes room for a number of bytes in all, what has been written included. */
  protected grow(bytes: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(this.buffer.length * 2, bytes))
    grown.set(this.buffer.subarray(0, this.at))
    this.#use(grown)
  }

  #use(buffer: Buffer<ArrayBuffer>): void {
    this.buffer = buffer
    this.view = viewOf(buffer)
  }
}

function viewOf(buffer: Buffer): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.length)
}
