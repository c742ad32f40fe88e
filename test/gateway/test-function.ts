import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf"
import type { FunctionCall, FunctionClient, InvokeResult } from "../../src/channel/function-client.ts"
import { type Invocation, InvocationSchema, ReplySchema } from "../../src/gen/hono_faasm/v1/invocation_pb.ts"
import { SCHEMA_HASH } from "./test-build.ts"

/** What a test's function does with an invocation. */
export type TestFunction = (
  invocation: Invocation,
  call: FunctionCall,
) => MessageInitShape<typeof ReplySchema> | Promise<MessageInitShape<typeof ReplySchema>>

/** A client whose functions run in the test. */
export class TestClient implements FunctionClient {
  readonly calls: FunctionCall[] = []
  isReady = true
  closed = false
  run: TestFunction

  constructor(run: TestFunction) {
    this.run = run
  }

  async invoke(call: FunctionCall): Promise<InvokeResult> {
    this.calls.push(call)
    const reply = await this.run(fromBinary(InvocationSchema, call.input), call)
    const output = toBinary(
      ReplySchema,
      create(ReplySchema, { schemaHash: BigInt(`0x${SCHEMA_HASH}`), ...reply }),
    )
    const timings = call.timings ? { queuedUs: 1000, executedUs: 2000, cold: true } : undefined
    return { output, timings, way: "rpc" }
  }

  async ready(): Promise<boolean> {
    return this.isReady
  }

  async close(): Promise<void> {
    this.closed = true
  }
}
