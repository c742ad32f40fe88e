import { create, type MessageInitShape } from "@bufbuild/protobuf"
import { Code, ConnectError } from "@connectrpc/connect"
import {
  CallErrorSchema,
  type ErrorKind,
  type InvokeRequest,
  type InvokeResponseSchema,
  TimingsLevel,
} from "../../gen/faasm/rpc/v1/function_service_pb.ts"
import { codeOfKind } from "../../rpc/error-code.ts"
import type { Invoker, Outcome } from "../invoker.ts"
import { askedTimings } from "./asked-timings.ts"
import { deadlineOf, type ServiceLimits } from "./options.ts"

/**
 * Runs one function once.
 *
 * @throws ConnectError with the code of the kind, and the CallError as a detail.
 */
export async function invokeOnce(
  request: InvokeRequest,
  invoker: Invoker,
  limits: ServiceLimits,
  signal: AbortSignal,
): Promise<MessageInitShape<typeof InvokeResponseSchema>> {
  if (request.user === "" || request.function === "")
    throw new ConnectError("the request names no user or no function", Code.InvalidArgument)
  const { output, error, timings } = await new Promise<Outcome>((resolve) => {
    const call = invoker.submit(
      {
        user: request.user,
        function: request.function,
        input: request.input,
        deadline: deadlineOf(request.timeoutMs, limits),
        traceparent: request.traceparent || undefined,
        detailedTimings: request.timings === TimingsLevel.DETAILED,
        queue: true,
      },
      (outcome) => {
        signal.removeEventListener("abort", cancel)
        resolve(outcome)
      },
    )
    function cancel() {
      call.cancel()
    }
    if (signal.aborted) call.cancel()
    else signal.addEventListener("abort", cancel)
  })
  if (!error) {
    const asked = askedTimings(request.timings, timings)
    if (!asked) return { output }
    const { arrivedAtUs } = asked
    return {
      output,
      timings: { ...asked, arrivedAtUs: arrivedAtUs === undefined ? undefined : BigInt(arrivedAtUs) },
    }
  }
  const { kind, message, mayHaveRun } = error
  throw new ConnectError(message, codeOfKind(kind as ErrorKind), undefined, [
    { desc: CallErrorSchema, value: create(CallErrorSchema, { kind, message, mayHaveRun }) },
  ])
}
