/*
 * The entry of a worker thread: runs one call at a time, as the mailbox gives them.
 *
 * It never returns to its event loop, so that the next call does not wait for one. Whatever a guest
 * does, the main thread can end this one.
 */
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads"
import { ErrorKind } from "../gen/faasm/rpc/v1/function_service_pb.ts"
import { monotonicOffsetMs } from "../monotonic-clock.ts"
import { GuestExit, type HostCall } from "./host-interface.ts"
import type { Instance } from "./instance.ts"
import { InstanceCache } from "./instance-cache.ts"
import { LogLines } from "./log-lines.ts"
import { openMailbox, TIME, WORD } from "./mailbox.ts"
import type { FromWorker, ToWorker, WorkerStart } from "./worker-protocol.ts"

/** How long the worker looks for its next call before it sleeps: waking it costs more than this. */
const SPIN_MS = 0.03

/** It does so only while calls follow each other this closely, the time to wake up included. */
const CLOSE_MS = 0.08

const settings = workerData as WorkerStart
const port = parentPort!
const { words, times, input, result } = openMailbox(settings.size, settings.mailbox)
const cache = new InstanceCache(settings.maxWarmBytes, settings.idleMs)
/** Turns this thread's `performance.now()` into the main thread's. */
const clockShift = monotonicOffsetMs() - settings.clockOffset

let callsAreClose = true
let seenRequest = 0
let seenPosted = 0
let seenCall = 0

send({ kind: "ready" })
for (;;) {
  waitForRequest()
  // Read before what has been posted: a function is posted before the first call of it.
  const call = Atomics.load(words, WORD.call)
  receivePosted()
  if (call !== seenCall) {
    seenCall = call
    serve(call)
  } else cache.evictIdle()
}

function waitForRequest(): void {
  const start = performance.now()
  if (callsAreClose)
    while (Atomics.load(words, WORD.request) === seenRequest && performance.now() - start < SPIN_MS);
  Atomics.wait(words, WORD.request, seenRequest, cache.idleMs)
  callsAreClose = performance.now() - start < CLOSE_MS
  seenRequest = Atomics.load(words, WORD.request)
}

function receivePosted(): void {
  const posted = Atomics.load(words, WORD.posted)
  while (seenPosted !== posted) {
    const message = (receiveMessageOnPort(port) as { message: ToWorker } | undefined)?.message
    // What has been counted has been posted, but may still be on its way.
    if (!message) continue
    seenPosted++
    if (message.kind === "load") cache.load(message.id, message.name, message.prepared)
    else if (message.kind === "drop") cache.drop(message.id)
    else cache.flush()
  }
}

/** Runs the call in the mailbox, tells its result, and only then makes the next instance ready. */
function serve(call: number): void {
  const id = words[WORD.functionId]!
  words[WORD.errorKind] = 0
  words[WORD.resultBytes] = 0
  words[WORD.exitCode] = 0
  const log = new LogLines(settings.maxLogBytes, (text) => send({ kind: "log", name: cache.name(id), text }))
  const instance = take(id)
  const completed = instance !== undefined && run(instance, call, log)
  log.end()
  Atomics.add(words, WORD.result, 1)
  Atomics.notify(words, WORD.result)
  if (instance) cache.putBack(id, instance, completed)
}

/** A clean instance; undefined, with the error in the mailbox, when the module can't be instantiated. */
function take(id: number): Instance | undefined {
  const start = performance.now()
  try {
    const { instance, cold, resetMs } = cache.take(id)
    words[WORD.cold] = cold ? 1 : 0
    times[TIME.instance] = performance.now() - start
    times[TIME.reset] = resetMs
    return instance
  } catch (error) {
    const outOfMemory = error instanceof RangeError
    fail(
      outOfMemory ? ErrorKind.OUT_OF_MEMORY : ErrorKind.INVALID_FUNCTION,
      `${cache.name(id)} can't be instantiated: ${message(error)}`,
    )
    return undefined
  }
}

/** False after a trap: its instance is not put back but thrown away. */
function run(instance: Instance, call: number, log: LogLines): boolean {
  let outputTooLarge = 0
  const hostCall: HostCall = {
    input: input.subarray(0, words[WORD.inputBytes]),
    output(bytes) {
      if (bytes.length > settings.size.maxOutputBytes) {
        outputTooLarge = bytes.length
        throw new GuestExit(0)
      }
      result.set(bytes)
      words[WORD.resultBytes] = bytes.length
    },
    print: (bytes) => log.write(bytes),
  }
  Atomics.store(words, WORD.entered, call)
  times[TIME.entered] = performance.now() + clockShift
  let thrown: unknown
  try {
    instance.run(hostCall)
  } catch (error) {
    thrown = error ?? new Error("the guest threw nothing")
  }
  times[TIME.left] = performance.now() + clockShift
  if (thrown === undefined) return true
  const exited = thrown instanceof GuestExit
  const name = cache.name(words[WORD.functionId]!)
  if (outputTooLarge > 0)
    fail(
      ErrorKind.OUTPUT_TOO_LARGE,
      `the output of ${name} has ${outputTooLarge} bytes; ${settings.size.maxOutputBytes} are allowed`,
    )
  else if (thrown instanceof GuestExit) {
    if (thrown.code !== 0) {
      fail(ErrorKind.TRAP, `${name} exited with code ${thrown.code}`)
      words[WORD.exitCode] = thrown.code
    }
  } else if (instance.outOfMemory)
    fail(ErrorKind.OUT_OF_MEMORY, `${name} needs more memory than it may have: ${message(thrown)}`)
  else fail(ErrorKind.TRAP, `${name} trapped: ${message(thrown)}`)
  return exited
}

function fail(kind: ErrorKind, text: string): void {
  words[WORD.errorKind] = kind
  // encodeInto can't write to shared memory.
  const bytes = Buffer.from(text).subarray(0, result.length)
  result.set(bytes)
  words[WORD.resultBytes] = bytes.length
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function send(value: FromWorker): void {
  port.postMessage(value)
}
