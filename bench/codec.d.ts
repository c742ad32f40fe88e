import type { BenchContext } from "./context.ts"
import { type BenchResult } from "./result.ts"
/**
 * One order, from JavaScript value to bytes (`encode`) and back (`decode`): our compiled codec, JSON, protobuf-es, and
 * protobufjs. `transcode` is from protobuf bytes to JSON text, against making JSON text of the value.
 */
export declare function benchCodec(context: BenchContext): Promise<BenchResult[]>
