import { checkFunctionContract } from "./function-contract.ts"
import type { PreparedFunction } from "./prepared-function.ts"
import { readModuleInfo } from "./wasm/module-info.ts"

/**
 * Checks an uploaded module and compiles it.
 *
 * @throws Error saying why it is not a function.
 */
export async function prepareFunction(bytes: Uint8Array, maxMemoryBytes: number): Promise<PreparedFunction> {
  const info = readModuleInfo(bytes)
  checkFunctionContract(info, maxMemoryBytes)
  return { module: await WebAssembly.compile(bytes as Uint8Array<ArrayBuffer>), hasStart: info.hasStart }
}
