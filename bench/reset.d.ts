import type { BenchContext } from "./context.ts"
import { type BenchResult } from "./result.ts"
/**
 * What it costs to start every call from a clean memory, over a real function that prices an order of ten lines:
 *
 * - `cards`: putting back what the call's stores marked, as the runtime does
 * - `compare`: comparing the whole memory with its snapshot, and copying the pages that differ
 * - `fresh`: another instance
 * - `call, marking` and `call, plain`: the call itself, with and without the marking of stores
 */
export declare function benchReset(context: BenchContext): Promise<BenchResult[]>
