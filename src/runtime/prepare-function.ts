import { checkFunctionContract } from "./function-contract.ts"
import type { PreparedFunction } from "./prepared-function.ts"
import { instrument } from "./wasm/instrument.ts"
import { limitSizes } from "./wasm/limit-sizes.ts"
import { PAGE_BYTES, readModuleInfo } from "./wasm/module-info.ts"

/**
 * Checks an uploaded module, makes its instances resettable if that can be done, and compiles it.
 *
 * @throws Error saying why it is not a function.
 */
export async function prepareFunction(bytes: Uint8Array, maxMemoryBytes: number): Promise<PreparedFunction> {
  const declared = readModuleInfo(bytes)
  checkFunctionContract(declared, maxMemoryBytes)
  const maxPages = Math.floor(maxMemoryBytes / PAGE_BYTES)
  const limited = limitSizes(bytes, declared, maxPages)
  const info = readModuleInfo(limited)
  // Checked by the engine before anything is built on its being valid.
  const plain = await compile(limited)
  try {
    const { bytes: instrumented, reset } = instrument(limited, info, maxPages)
    return { module: await compile(instrumented), reset, hasStart: false }
  } catch (error) {
    // Such as a body that has become larger than the engine takes.
    return { module: plain, notResettable: (error as Error).message, hasStart: info.hasStart }
  }
}

function compile(bytes: Uint8Array): Promise<WebAssembly.Module> {
  return WebAssembly.compile(bytes as Uint8Array<ArrayBuffer>)
}
