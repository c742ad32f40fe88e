// Calls the JavaScript side and waits for its answer.

import {
  EXCEPTION, JS_Call, JS_ExecutePendingJob, JS_GetException, JS_GetProperty, JS_IsFunction, JS_IsPromise, JS_PromiseResult,
  JS_PromiseState, JS_Throw, JS_ToBool, UNDEFINED, context, isException, isUndefined, release, runtime, JSValue,
} from "./engine"
import { FAILURE_NEVER_SETTLED, fail, failWithException } from "./failure"
import { NAME_BODY_FAILED, NAME_IDLE, NAME_INVOKE, NAME_UNAVAILABLE, TEXT_NEVER_SETTLED } from "./names"
import { nameAtom } from "./tables"

let cell: usize = 0
let honoFaasm: JSValue = UNDEFINED
let invokeFunction: JSValue = UNDEFINED
let idleFunction: JSValue = UNDEFINED
let bodyFailedFunction: JSValue = UNDEFINED
export let unavailableFunction: JSValue = UNDEFINED

/** 32 bytes of memory, and `globalThis.__honoFaasm`. False when that lacks a function that it must have. */
export function attachGuest(memory: usize, object: JSValue): bool {
  cell = memory
  honoFaasm = object
  invokeFunction = JS_GetProperty(context, object, nameAtom(NAME_INVOKE))
  idleFunction = JS_GetProperty(context, object, nameAtom(NAME_IDLE))
  bodyFailedFunction = JS_GetProperty(context, object, nameAtom(NAME_BODY_FAILED))
  unavailableFunction = JS_GetProperty(context, object, nameAtom(NAME_UNAVAILABLE))
  return JS_IsFunction(context, invokeFunction) != 0
}

/** The handler's reply; an exception result means that `failureKind` says why there is none. */
export function invoke(invocation: JSValue): JSValue {
  store<u64>(cell, invocation)
  return settle(JS_Call(context, invokeFunction, honoFaasm, 1, cell))
}

/** The reply instead of one whose body can't become JSON; the pending exception says why. */
export function invokeBodyFailed(invocation: JSValue): JSValue {
  if (isUndefined(bodyFailedFunction)) {
    failWithException()
    return EXCEPTION
  }
  const error = JS_GetException(context)
  store<u64>(cell, invocation)
  store<u64>(cell + 8, error)
  const reply = settle(JS_Call(context, bodyFailedFunction, honoFaasm, 2, cell))
  release(error)
  return reply
}

// Runs jobs until the promise is settled. Takes the value.
function settle(value: JSValue): JSValue {
  if (isException(value)) {
    failWithException()
    return EXCEPTION
  }
  if (!JS_IsPromise(value)) return value
  while (JS_PromiseState(context, value) == 0) {
    const ran = JS_ExecutePendingJob(runtime, cell + 16)
    if (ran < 0) {
      failWithException()
      return EXCEPTION
    }
    if (ran == 0 && !idle()) return EXCEPTION
  }
  const result = JS_PromiseResult(context, value)
  const rejected = JS_PromiseState(context, value) == 2
  release(value)
  if (!rejected) return result
  JS_Throw(context, result)
  failWithException()
  return EXCEPTION
}

// Nothing is queued: a timer may be. False with a failure when there is nothing that could settle the promise.
function idle(): bool {
  if (!isUndefined(idleFunction)) {
    const progress = JS_Call(context, idleFunction, honoFaasm, 0, 0)
    if (isException(progress)) {
      failWithException()
      return false
    }
    const go = JS_ToBool(context, progress)
    release(progress)
    if (go > 0) return true
  }
  fail(FAILURE_NEVER_SETTLED, TEXT_NEVER_SETTLED)
  return false
}
