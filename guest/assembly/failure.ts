// Why there is no response: the kinds of hono_faasm.v1.Failure, and their making from an exception of the engine.

import {
  JS_FreeCString, JS_GetException, JS_GetProperty, JS_IsError, JS_ToCStringLen2, TAG_NULL, UNDEFINED, context, isString,
  release, tagOf, JSValue,
} from "./engine"
import { timedOut } from "./limits"
import { NAME_MESSAGE, TEXT_ENGINE_OUT_OF_MEMORY, TEXT_OUT_OF_MEMORY, TEXT_TIMEOUT } from "./names"
import { nameAtom, textLength, textPointer } from "./tables"

@inline export const FAILURE_SCHEMA_MISMATCH: u32 = 1
@inline export const FAILURE_BAD_INVOCATION: u32 = 2
@inline export const FAILURE_UNKNOWN_ROUTE: u32 = 3
@inline export const FAILURE_THROWN: u32 = 4
@inline export const FAILURE_NEVER_SETTLED: u32 = 5
@inline export const FAILURE_TIMEOUT: u32 = 6
@inline export const FAILURE_OUT_OF_MEMORY: u32 = 7
@inline export const FAILURE_BAD_RESPONSE: u32 = 8

export let failureKind: u32 = 0
/** The text that explains it, unless `thrown` does. */
export let failureText: u32 = 0
/** What was thrown; only with FAILURE_THROWN. */
export let thrown: JSValue = UNDEFINED

let cell: usize = 0

export function attachFailure(memory: usize): void {
  cell = memory
}

export function resetFailure(): void {
  failureKind = 0
  thrown = UNDEFINED
}

export function fail(kind: u32, text: u32): void {
  failureKind = kind
  failureText = text
}

/** Turns the engine's pending exception into a failure. */
export function failWithException(): void {
  const exception = JS_GetException(context)
  if (timedOut) {
    fail(FAILURE_TIMEOUT, TEXT_TIMEOUT)
  } else if (isOutOfMemory(exception)) {
    fail(FAILURE_OUT_OF_MEMORY, TEXT_OUT_OF_MEMORY)
  } else {
    failureKind = FAILURE_THROWN
    thrown = exception
  }
}

/** The engine's own error, or the null that it throws when it has no memory left for that. */
function isOutOfMemory(value: JSValue): bool {
  if (tagOf(value) == TAG_NULL) return true
  if (!JS_IsError(value)) return false
  const message = JS_GetProperty(context, value, nameAtom(NAME_MESSAGE))
  const same = isString(message) && equalsText(message, TEXT_ENGINE_OUT_OF_MEMORY)
  release(message)
  return same
}

export function equalsText(value: JSValue, text: u32): bool {
  const ptr = JS_ToCStringLen2(context, cell, value, 0)
  if (ptr == 0) return false
  const length = usize(load<u32>(cell))
  const same = length == textLength(text) && sameBytes(ptr, textPointer(text), length)
  JS_FreeCString(context, ptr)
  return same
}

function sameBytes(a: usize, b: usize, length: usize): bool {
  for (let at: usize = 0; at < length; at++) {
    if (load<u8>(a + at) != load<u8>(b + at)) return false
  }
  return true
}
