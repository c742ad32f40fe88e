import type { IncomingMessage } from "node:http"
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect"
import { attachPassage, Passage } from "../gateway/passage.ts"
import type { AnyHono } from "../gateway/rebuild.ts"
import { isCanonical } from "./canonical.ts"
import { httpRequest } from "./http-request.ts"
import { type RpcAnswer, rpcAnswer } from "./rpc-answer.ts"
import type { ServiceMethod } from "./service-method.ts"

/**
 * Answers an RPC by sending its HTTP request through the app: the same routes, middleware and validators.
 *
 * @param incoming - the request as Node has it, which middleware may ask for the client's address
 * @throws ConnectError
 */
export async function callApp(
  app: AnyHono,
  method: ServiceMethod,
  message: Uint8Array,
  context: Pick<HandlerContext, "url" | "requestHeader" | "signal">,
  incoming: IncomingMessage | undefined,
): Promise<RpcAnswer> {
  const { signal, requestHeader, url } = context
  const request = httpRequest(method, message, {
    origin: new URL(url).origin,
    headers: requestHeader,
    signal,
  })
  // A body without validator is read from the HTTP request, and would be sent twice.
  const passes = !request.body && isCanonical(message)
  const passage = new Passage(method.route.index, passes ? message : undefined)
  attachPassage(request, passage)
  let response: Response
  try {
    response = await app.fetch(request, { incoming })
  } catch (cause) {
    // Hono passes on what is thrown and no Error.
    throw new ConnectError("the handler failed", Code.Internal, undefined, undefined, cause)
  }
  if (signal.aborted) throw ConnectError.from(signal.reason, Code.Canceled)
  return rpcAnswer(method, response, passage)
}
