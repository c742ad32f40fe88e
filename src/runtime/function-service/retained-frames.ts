interface RetainedFrame {
  sequence: number
  frame: Buffer
}

/** Frames with results that the client has not acknowledged, oldest first. */
export class RetainedFrames {
  #frames: RetainedFrame[] = []
  /** Where the frames begin: removing from the front of an array one by one is slow. */
  #first = 0
  #bytes = 0

  /** Bytes of the frames. */
  get bytes(): number {
    return this.#bytes
  }

  get isEmpty(): boolean {
    return this.#first === this.#frames.length
  }

  add(sequence: number, frame: Buffer): void {
    this.#frames.push({ sequence, frame })
    this.#bytes += frame.length
  }

  /** Forgets the frames up to a sequence. */
  acknowledge(sequence: number): void {
    const frames = this.#frames
    while (this.#first < frames.length && frames[this.#first]!.sequence <= sequence) {
      this.#bytes -= frames[this.#first]!.frame.length
      // Or it would live as long as the array.
      frames[this.#first++] = NOTHING
    }
    if (this.#first === frames.length) {
      frames.length = 0
      this.#first = 0
    } else if (this.#first > 1000 && this.#first * 2 > frames.length) {
      this.#frames = frames.slice(this.#first)
      this.#first = 0
    }
  }

  *[Symbol.iterator](): Generator<Buffer> {
    for (let i = this.#first; i < this.#frames.length; i++) yield this.#frames[i]!.frame
  }
}

const NOTHING: RetainedFrame = { sequence: 0, frame: Buffer.alloc(0) }
