/*
 * The shared memory between the main thread and one worker: a request and its result at a time.
 *
 * Measured against a MessagePort (p50 of a round trip: 58 us, of which 50 us CPU): 46 us when both
 * sides sleep, 3 us while the worker still spins after its last call, and less CPU in both cases. So
 * calls go through a mailbox, and only what is rare (functions, log lines) through the port.
 */

/** Indices of the control words. */
export const WORD = {
  /** Counts wake-ups of the worker; it waits for a change. */
  request: 0,
  /** Counts results; the main thread waits for a change. */
  result: 1,
  /** Counts messages posted to the worker's port. */
  posted: 2,
  /** Counts requests that carry a call. */
  call: 3,
  /** The last call that has entered the guest. */
  entered: 4,
  functionId: 5,
  inputBytes: 6,
  /** 0 for an output, else the {@link ErrorKind}. */
  errorKind: 7,
  /** Size of the output, or of the error's message. */
  resultBytes: 8,
  cold: 9,
  /** The guest's exit code, when it called `proc_exit` with one that is not 0. */
  exitCode: 10,
} as const

/** Indices of the times, in milliseconds. */
export const TIME = {
  /** When the guest was entered, on the main thread's `performance.now()`. */
  entered: 0,
  /** When it was left. */
  left: 1,
  /** How long it took to take an instance, or to make one. */
  instance: 2,
  /** How long it took to make the instance clean after its last call. */
  reset: 3,
} as const

const CONTROL_BYTES = 128

/** Views of one worker's shared memory. Both threads have their own, of the same buffer. */
export interface Mailbox {
  buffer: SharedArrayBuffer
  words: Int32Array
  times: Float64Array
  /** The call's input. */
  input: Uint8Array
  /** The call's output, or the message of its error. */
  result: Uint8Array
}

/** Sizes of a mailbox. Memory that is never touched costs nothing. */
export interface MailboxSize {
  maxInputBytes: number
  maxOutputBytes: number
}

/** The least room for a result, so that an error's message fits. */
const MIN_RESULT_BYTES = 4096

/** Makes the views, and the memory when it is not given. */
export function openMailbox(size: MailboxSize, buffer?: SharedArrayBuffer): Mailbox {
  const input = CONTROL_BYTES
  const result = input + Math.ceil(size.maxInputBytes / 8) * 8
  const resultBytes = Math.max(size.maxOutputBytes, MIN_RESULT_BYTES)
  const shared = buffer ?? new SharedArrayBuffer(result + resultBytes)
  return {
    buffer: shared,
    words: new Int32Array(shared, 0, 16),
    times: new Float64Array(shared, 64, 4),
    input: new Uint8Array(shared, input, size.maxInputBytes),
    result: new Uint8Array(shared, result, resultBytes),
  }
}
