/** The web's Event. */
export class Event {
  readonly type: string
  readonly bubbles = false
  readonly cancelable: boolean
  readonly timeStamp = 0
  target: EventTarget | null = null
  defaultPrevented = false
  #stopped = false

  constructor(type: string, options?: { cancelable?: boolean }) {
    this.type = String(type)
    this.cancelable = options?.cancelable === true
  }

  /** Whether later listeners are to be left out. */
  static isStopped(event: Event): boolean {
    return event.#stopped
  }

  get currentTarget(): EventTarget | null {
    return this.target
  }

  preventDefault(): void {
    if (this.cancelable) this.defaultPrevented = true
  }

  stopPropagation(): void {}

  stopImmediatePropagation(): void {
    this.#stopped = true
  }
}

/** The web's CustomEvent. */
export class CustomEvent extends Event {
  readonly detail: unknown

  constructor(type: string, options?: { cancelable?: boolean; detail?: unknown }) {
    super(type, options)
    this.detail = options?.detail ?? null
  }
}

type Listener = ((event: Event) => unknown) | { handleEvent(event: Event): unknown }

/** The web's EventTarget. */
export class EventTarget {
  #listeners: { type: string; listener: Listener; once: boolean }[] = []

  addEventListener(
    type: string,
    listener: Listener | null,
    options?: boolean | { once?: boolean; signal?: AbortSignal },
  ): void {
    if (!listener || this.#listeners.some((known) => known.type === type && known.listener === listener))
      return
    const { once = false, signal } = typeof options === "object" ? options : {}
    if (signal?.aborted) return
    this.#listeners.push({ type, listener, once })
    signal?.addEventListener("abort", () => this.removeEventListener(type, listener), { once: true })
  }

  removeEventListener(type: string, listener: Listener | null): void {
    this.#listeners = this.#listeners.filter((known) => known.type !== type || known.listener !== listener)
  }

  dispatchEvent(event: Event): boolean {
    event.target = this
    for (const { type, listener, once } of [...this.#listeners]) {
      if (type !== event.type || Event.isStopped(event)) continue
      if (once) this.removeEventListener(type, listener)
      if (typeof listener === "function") listener.call(this, event)
      else listener.handleEvent(event)
    }
    return !event.defaultPrevented
  }
}

let abort: (signal: AbortSignal, reason: unknown) => void

/** The web's AbortSignal. */
export class AbortSignal extends EventTarget {
  #reason: unknown
  onabort: ((event: Event) => unknown) | null = null

  static {
    abort = (signal, reason) => {
      if (signal.aborted) return
      signal.#reason =
        reason === undefined ? new DOMException("This operation was aborted", "AbortError") : reason
      const event = new Event("abort")
      signal.dispatchEvent(event)
      signal.onabort?.(event)
    }
  }

  static abort(reason?: unknown): AbortSignal {
    const signal = new AbortSignal()
    abort(signal, reason)
    return signal
  }

  static timeout(ms: number): AbortSignal {
    const signal = new AbortSignal()
    setTimeout(
      () => abort(signal, new DOMException("The operation was aborted due to timeout", "TimeoutError")),
      ms,
    )
    return signal
  }

  static any(signals: Iterable<AbortSignal>): AbortSignal {
    const any = new AbortSignal()
    for (const signal of signals) {
      if (signal.aborted) abort(any, signal.reason)
      else signal.addEventListener("abort", () => abort(any, signal.reason), { once: true })
    }
    return any
  }

  get aborted(): boolean {
    return this.#reason !== undefined
  }

  get reason(): unknown {
    return this.#reason
  }

  throwIfAborted(): void {
    if (this.aborted) throw this.reason
  }
}

/** The web's AbortController. */
export class AbortController {
  readonly signal = new AbortSignal()

  abort(reason?: unknown): void {
    abort(this.signal, reason)
  }
}
