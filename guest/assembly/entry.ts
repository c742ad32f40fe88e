// The function: `_start` answers one call, `initialise` runs once while the build makes the snapshot.

import { attachDecoder } from "./decode-message"
import { attachEncoder } from "./encode-message"
import {
  JS_GetGlobalObject, JS_GetProperty, attachEngine, context, isException, malloc, release, verifyEngine, JSValue,
} from "./engine"
import {
  FAILURE_BAD_INVOCATION, FAILURE_BAD_RESPONSE, FAILURE_OUT_OF_MEMORY, FAILURE_SCHEMA_MISMATCH, FAILURE_THROWN,
  FAILURE_TIMEOUT, FAILURE_UNKNOWN_ROUTE, attachFailure, fail, failWithException, failureKind, resetFailure,
} from "./failure"
import { attachHost, monotonicNow, randomSeed, readInput, writeOutput } from "./host"
import { attachHostFunctions, host_call } from "./host-functions"
import {
  INVOCATION_BAD, INVOCATION_BAD_MESSAGE, INVOCATION_OK, INVOCATION_OTHER_SCHEMA, INVOCATION_UNKNOWN_ROUTE, attachInvocation,
  makeInvocation, readInvocation, resetInvocation, route, timeoutMs, wantsPhases,
} from "./invocation"
import { attachGuest, invoke, invokeBodyFailed } from "./invoke"
import { attachJsonForm, readJsonInvocation, writeJsonFailure, writeJsonReply } from "./json-form"
import { host_interrupt, startDeadline, stopDeadline, timedOut } from "./limits"
import { attachMisfit } from "./misfit"
import {
  NAME_BIG_INT, NAME_DATE, NAME_HONO_FAASM, NAME_TYPE_ERROR, TEXT_BAD_ENVELOPE, TEXT_BAD_MESSAGE, TEXT_BAD_RESPONSE, TEXT_OUT_OF_MEMORY,
  TEXT_SCHEMA_MISMATCH, TEXT_TIMEOUT, TEXT_UNKNOWN_ROUTE,
} from "./names"
import { attachOutput, outputBase, outputFailed, outputLength, resetOutput } from "./output"
import { REPLY_BAD, REPLY_OK, REPLY_THREW, attachReply, writeFailure, writePhases, writeReply } from "./reply"
import { attachReviver } from "./revive-dates"
import { keepShapes } from "./shapes"
import { attachStrings } from "./strings"
import { attachTables, nameAtom, schemaHash } from "./tables"
import { attachValueStack, resetValueStack } from "./value-stack"

export { host_call, host_interrupt }
// For the build, whose time passes by its own clock.
export { startDeadline, stopDeadline }

/** The engine asks for the offset of the local time zone: there is only UTC. */
export function host_get_timezone_offset(high: i32, low: u32): i32 {
  return 0
}

// There are no modules in a bundle, and rejections are the guest's own business: these are never called.
export function host_promise_rejection(promise: usize, reason: usize, handled: i32): void {}
export function host_module_normalize(base: usize, name: usize): usize {
  return 0
}
export function host_module_load(name: usize, length: usize): usize {
  return 0
}

@inline const BUFFER_SIZE: usize = 65536
@inline const STACK_VALUES: u32 = 4096
@inline const MISFIT_SIZE: usize = 512

let inputBuffer: usize = 0
let randomState: usize = 0
let guestCells: usize = 0

/**
 * Wires everything up before the bundle runs: the tables are at `tables`, the state of the engine's Math.random at `random`. 0, or
 * what went wrong: 100 no memory, below it the engine is not the expected one.
 */
export function initialise(tables: usize, random: usize): i32 {
  attachEngine()
  const mismatch = verifyEngine()
  if (mismatch != 0) return mismatch
  const cells = malloc(512)
  inputBuffer = malloc(BUFFER_SIZE)
  const output = malloc(BUFFER_SIZE)
  const stack = malloc(STACK_VALUES * 8)
  const misfit = malloc(MISFIT_SIZE)
  if (cells == 0 || inputBuffer == 0 || output == 0 || stack == 0 || misfit == 0) return 100
  randomState = random
  attachTables(tables)
  attachHost(cells)
  attachStrings(cells + 24)
  attachOutput(output, BUFFER_SIZE)
  attachValueStack(stack, STACK_VALUES)
  attachMisfit(misfit, MISFIT_SIZE, cells + 32)
  attachEncoder(cells + 40)
  attachFailure(cells + 64)
  attachReply(cells + 72)
  const global = JS_GetGlobalObject(context)
  const date = JS_GetProperty(context, global, nameAtom(NAME_DATE))
  attachDecoder(cells + 80, date, JS_GetProperty(context, global, nameAtom(NAME_BIG_INT)))
  attachReviver(cells + 96, date)
  attachHostFunctions(cells + 112, JS_GetProperty(context, global, nameAtom(NAME_TYPE_ERROR)))
  attachInvocation(cells + 160)
  attachJsonForm(cells + 288)
  guestCells = cells + 128
  // The buffer is not in use yet.
  keepShapes(inputBuffer)
  release(global)
  return 0
}

/** Takes `__honoFaasm` after the bundle has run; false when it has no `invoke`. */
export function attachApp(): bool {
  const global = JS_GetGlobalObject(context)
  const object = JS_GetProperty(context, global, nameAtom(NAME_HONO_FAASM))
  release(global)
  return attachGuest(guestCells, object)
}

/** Answers the call: input to output. */
export function _start(): void {
  resetOutput()
  resetValueStack()
  resetInvocation()
  resetFailure()
  const size = usize(readInput(0, 0))
  let input = inputBuffer
  if (size >= BUFFER_SIZE) input = size < 0x40000000 ? malloc(size + 1) : 0
  let json = false
  if (input == 0) {
    fail(FAILURE_OUT_OF_MEMORY, TEXT_OUT_OF_MEMORY)
    writeFailure()
  } else {
    if (size > 0) readInput(input, i32(size))
    store<u8>(input + size, 0)
    json = load<u8>(input) == 0x7b
    const seed = randomSeed()
    store<u64>(randomState, seed == 0 ? 1 : seed)
    answer(input, size, json)
  }
  if (outputFailed) {
    // The answer itself found no memory.
    fail(FAILURE_OUT_OF_MEMORY, TEXT_OUT_OF_MEMORY)
    writeAnyFailure(json)
  }
  store<u8>(outputBase + outputLength, 0)
  writeOutput(outputBase, i32(outputLength))
}

function writeAnyFailure(json: bool): void {
  if (json) writeJsonFailure()
  else writeFailure()
}

function answer(input: usize, size: usize, json: bool): void {
  const read = json ? readJsonInvocation(input, size, schemaHash()) : readInvocation(input, input + size, schemaHash())
  if (read == INVOCATION_OK) {
    const invocation = makeInvocation()
    startDeadline(timeoutMs)
    if (isException(invocation)) failWithException()
    else if (wantsPhases) respondTelling(invocation, json)
    else respond(invocation, invoke(invocation), json)
    if (timedOut) fail(FAILURE_TIMEOUT, TEXT_TIMEOUT)
    stopDeadline()
  } else if (read == INVOCATION_BAD) {
    fail(FAILURE_BAD_INVOCATION, TEXT_BAD_ENVELOPE)
  } else if (read == INVOCATION_BAD_MESSAGE) {
    fail(FAILURE_BAD_INVOCATION, TEXT_BAD_MESSAGE)
  } else if (read == INVOCATION_UNKNOWN_ROUTE) {
    fail(FAILURE_UNKNOWN_ROUTE, TEXT_UNKNOWN_ROUTE)
  } else if (read == INVOCATION_OTHER_SCHEMA) {
    fail(FAILURE_SCHEMA_MISMATCH, TEXT_SCHEMA_MISMATCH)
  } else {
    failWithException()
    // Nothing of the app has run yet.
    if (failureKind == FAILURE_THROWN) fail(FAILURE_BAD_INVOCATION, TEXT_BAD_MESSAGE)
  }
  if (failureKind != 0) writeAnyFailure(json)
}

// The clock is the host's: it is asked only by those who want to know.
function respondTelling(invocation: JSValue, json: bool): void {
  const decoded = monotonicNow()
  const reply = invoke(invocation)
  const handled = monotonicNow()
  respond(invocation, reply, json)
  if (failureKind == 0) writePhases(handled - decoded, monotonicNow() - handled)
}

function respond(invocation: JSValue, reply: JSValue, json: bool): void {
  if (isException(reply)) return
  let written = json ? writeJsonReply(reply) : writeReply(reply, route)
  if (written == REPLY_THREW && !timedOut) {
    const other = invokeBodyFailed(invocation)
    if (isException(other)) return
    written = json ? writeJsonReply(other) : writeReply(other, route)
  }
  if (written == REPLY_BAD) fail(FAILURE_BAD_RESPONSE, TEXT_BAD_RESPONSE)
  else if (written != REPLY_OK) failWithException()
}
