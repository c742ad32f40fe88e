/**
 * The embedded runtime: a Faasm-compatible host for functions, for development and tests.
 *
 * @module
 */
export type {
  CallFailure,
  CallOutput,
  CallTimings,
  InvocationCall,
  Invoker,
  InvokerCall,
  Outcome,
} from "./invoker.ts"
export { RuntimeError, type RuntimeErrorCode } from "./runtime-error.ts"
export { type Runtime, type RuntimeOptions, startRuntime } from "./start-runtime.ts"
