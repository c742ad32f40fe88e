// What the JavaScript side of the guest can call: `globalThis.__native`.
//
//   __native.utf8Encode(text: string): Uint8Array
//     UTF-8; a lone surrogate becomes U+FFFD, as TextEncoder does.
//   __native.utf8Decode(bytes: Uint8Array | ArrayBuffer, fatal?: boolean): string
//     Malformed UTF-8 becomes U+FFFD, or with `fatal` a TypeError. A byte order mark is kept: strip
//     it in JS where TextDecoder does.
//   __native.log(level: number, text: string): void
//     One line (newlines within are written as they are, one is added at the end) to stdout for level 0, to
//     stderr for any other.
//   __native.randomBytes(count: number): Uint8Array
//     From the host's `random_get`, at most 65,536; TypeError above it. Fixed bytes while the snapshot is built.
//   __native.now(): number
//     Milliseconds with fractions from a clock that only goes forward (performance.now()).
//
// What the glue calls on `globalThis.__honoFaasm`:
//
//   routes(): { method, path }[]          once, while building
//   warmUp?(): void | Promise<void>       once, while building, before the snapshot
//   invoke(inv): reply | Promise<reply>   per request
//   unavailable(name, type): unknown      for a variable that could not leave the gateway
//   idle?(): boolean                      when the reply's promise is pending and no job is left: true when it
//                                         made progress (fired a timer), false when nothing is left to do
//   bodyFailed?(inv, error): reply | Promise<reply>
//                                         when the value of a reply of kind 1 can't become JSON, because a toJSON or a
//                                         getter threw, or it has a BigInt or a cycle: the error is what c.json()
//                                         would have thrown. Without it the answer is a Failure THROWN.
//
// An `InternalError: out of memory` that leaves `invoke`, or is in `reply.failure`/`reply.thrown` as name and message,
// becomes a Failure OUT_OF_MEMORY. After `timeout_ms` the engine is interrupted by an uncatchable error, and
// whatever `invoke` answers, the reply is a Failure TIMEOUT.

import {
  EXCEPTION, JS_CallConstructor, JS_NewUint8ArrayCopy, JS_Throw, JS_ToBool, UNDEFINED, context, isException, isNumber,
  isString, malloc, ofNumber, release, toNumber, JSValue,
} from "./engine"
import { monotonicNow, random_get, writeFile } from "./host"
import { TEXT_BAD_UTF8, TEXT_NOT_A_STRING, TEXT_NOT_BYTES, TEXT_TOO_MANY_BYTES, TEXT_UNKNOWN_NATIVE } from "./names"
import { outputBase, outputFailed, outputLength, reserve, truncateOutput, writeByte } from "./output"
import { bytesLength, bytesOf } from "./reply"
import { STRING_OK, newString, newText, validUtf8, writeRepaired, writeText } from "./strings"

@inline const MAX_RANDOM_BYTES: f64 = 65536

let argument: usize = 0
let typeErrorConstructor: JSValue = UNDEFINED

/** 16 bytes of memory, and the engine's own TypeError. */
export function attachHostFunctions(memory: usize, typeError: JSValue): void {
  argument = memory
  typeErrorConstructor = typeError
}

// The engine calls every native function here, by its name. The result is a JSValue in memory of its own; 0 means a pending exception.
export function host_call(name: usize, nameLength: i32, self: usize, argc: i32, argv: usize): usize {
  const first = argc > 0 ? load<u64>(usize(load<u32>(argv))) : UNDEFINED
  const second = argc > 1 ? load<u64>(usize(load<u32>(argv, 4))) : UNDEFINED
  const result = dispatch(name, nameLength, first, second)
  if (isException(result)) return 0
  const cell = malloc(8)
  if (cell != 0) store<u64>(cell, result)
  return cell
}

// Told apart by their length and one letter, as there are no string literals here.
function dispatch(name: usize, length: i32, first: JSValue, second: JSValue): JSValue {
  if (length == 3) return load<u8>(name) == 0x6c ? log(first, second) : ofNumber(f64(monotonicNow()) / 1e6)
  if (length == 11) return randomBytes(first)
  if (length == 10) return load<u8>(name, 4) == 0x45 ? utf8Encode(first) : utf8Decode(first, second)
  return throwTypeError(TEXT_UNKNOWN_NATIVE)
}

function throwTypeError(text: u32): JSValue {
  const message = newText(text)
  store<u64>(argument, message)
  const error = JS_CallConstructor(context, typeErrorConstructor, 1, argument)
  release(message)
  return isException(error) ? error : JS_Throw(context, error)
}

function log(level: JSValue, text: JSValue): JSValue {
  // The line is put together after what the output holds so far.
  const before = outputLength
  if (isString(text) && writeText(text) == STRING_OK) {
    writeByte(0x0a)
    if (!outputFailed) writeFile(isNumber(level) && toNumber(level) == 0 ? 1 : 2, outputBase + before, outputLength - before)
  }
  truncateOutput(before)
  return UNDEFINED
}

function randomBytes(count: JSValue): JSValue {
  const wanted = isNumber(count) ? toNumber(count) : -1
  if (!(wanted >= 0 && wanted <= MAX_RANDOM_BYTES)) return throwTypeError(TEXT_TOO_MANY_BYTES)
  const length = i32(wanted)
  if (!reserve(length)) return throwTypeError(TEXT_TOO_MANY_BYTES)
  const at = outputBase + outputLength
  random_get(at, length)
  return JS_NewUint8ArrayCopy(context, at, length)
}

function utf8Encode(text: JSValue): JSValue {
  const before = outputLength
  if (!isString(text)) return throwTypeError(TEXT_NOT_A_STRING)
  if (writeText(text) != STRING_OK) return EXCEPTION
  const bytes = outputFailed
    ? throwTypeError(TEXT_TOO_MANY_BYTES)
    : JS_NewUint8ArrayCopy(context, outputBase + before, outputLength - before)
  truncateOutput(before)
  return bytes
}

function utf8Decode(bytes: JSValue, fatal: JSValue): JSValue {
  const ptr = bytesOf(bytes)
  if (ptr == 0) return throwTypeError(TEXT_NOT_BYTES)
  const length = bytesLength()
  const end = ptr + length
  if (validUtf8(ptr, end) == end) return newString(ptr, length)
  if (JS_ToBool(context, fatal) > 0) return throwTypeError(TEXT_BAD_UTF8)
  const before = outputLength
  writeRepaired(ptr, end)
  const text = outputFailed ? throwTypeError(TEXT_TOO_MANY_BYTES) : newString(outputBase + before, outputLength - before)
  truncateOutput(before)
  return text
}
