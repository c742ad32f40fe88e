import type { FunctionCall, InvokeResult } from "../channel/function-client.ts"

/**
 * The form of an input: `protobuf` by the channel, `json` by the planner, whose dialect carries text only, so that
 * functions have to answer in JSON there.
 */
export type InputForm = "protobuf" | "json"

/** A call whose input is encoded when its way is known. */
export interface PathCall extends Omit<FunctionCall, "input"> {
  /** Encodes the input; called again when the call takes another way. What it throws rejects the call as it is. */
  encode(form: InputForm): Uint8Array
}

/** Whatever way there is to functions. */
export interface FunctionPath {
  /** Runs a function once. Rejects with InvokeError, or with what `encode` threw. */
  invoke(call: PathCall): Promise<InvokeResult>
  /** Whether a call would have a way now. */
  ready(): Promise<boolean>
  /** Ends all connections. */
  close(): Promise<void>
}
