import type { MailboxSize } from "./mailbox.ts"
import type { PreparedFunction } from "./prepared-function.ts"

/** What a worker is started with. */
export interface WorkerStart {
  mailbox: SharedArrayBuffer
  size: MailboxSize
  /** `process.hrtime` minus `performance.now()` of the main thread, in milliseconds. */
  clockOffset: number
  /** Bytes of memory that the worker's idle instances may have together. */
  maxWarmBytes: number
  /** Milliseconds after which an idle instance is given up. */
  idleMs: number
  /** Most bytes that a call may print. */
  maxLogBytes: number
}

/** Main thread to worker, through the port; what belongs to a call goes through the mailbox. */
export type ToWorker =
  | { kind: "load"; id: number; name: string; prepared: PreparedFunction }
  | { kind: "drop"; id: number }
  /** Gives up every instance. */
  | { kind: "flush" }

/** Worker to main thread, through the port. */
export type FromWorker = { kind: "ready" } | { kind: "log"; name: string; text: string }
