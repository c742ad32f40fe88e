/** A TCP proxy that counts what passes. */
export interface CountingProxy {
  url: string
  /** Bytes that have passed so far, both directions together. */
  bytes(): number
  close(): Promise<void>
}
/** Starts a proxy to a server on this machine. */
export declare function startCountingProxy(target: string): Promise<CountingProxy>
