import { randomInt } from "node:crypto"

/** Planner's answer while a batch has no result yet. */
export const NOT_REGISTERED = "App not registered in results"
/** Planner's answer when every slot is taken. */
export const NO_HOSTS = "No available hosts"

/** Ids of a batch of one message. */
export interface BatchIds {
  appId: number
  messageId: number
}

/** A result in a status. */
export interface MessageResult {
  id: number
  /** 0 when the function returned. */
  returnValue: number
  /** What the function wrote, or why there is nothing. */
  output: string
  /** Milliseconds that the function ran, by the worker's clock. */
  executedMs: number
}

/** New ids; positive 31-bit numbers, since the planner's are int32. */
export function newIds(): BatchIds {
  return { appId: randomInt(1, 0x7fff_ffff), messageId: randomInt(1, 0x7fff_ffff) }
}

/** The HTTP body that runs a function once. */
export function executeBatch(ids: BatchIds, user: string, fn: string, input: Uint8Array): string {
  const bytes = Buffer.from(input.buffer, input.byteOffset, input.length)
  const message = {
    id: ids.messageId,
    appId: ids.appId,
    user,
    function: fn,
    input_data: bytes.toString("base64"),
  }
  return wrap("EXECUTE_BATCH", { appId: ids.appId, user, function: fn, messages: [message] })
}

/** The HTTP body that asks how a batch stands. */
export function executeBatchStatus(appId: number): string {
  return wrap("EXECUTE_BATCH_STATUS", { appId, expectedNumMessages: 1 })
}

/** The HTTP body that asks which hosts there are. */
export function getAvailableHosts(): string {
  return JSON.stringify({ http_type: "GET_AVAILABLE_HOSTS" })
}

function wrap(type: string, payload: unknown): string {
  return JSON.stringify({ http_type: type, payload: JSON.stringify(payload) })
}

/**
 * The message's result in a BatchExecuteRequestStatus, or undefined while there is none.
 *
 * The planner leaves out fields that have their default, writes enums as numbers and 64-bit numbers as strings.
 *
 * @throws SyntaxError or TypeError when the text is no such status.
 */
export function findResult(statusJson: string, messageId: number): MessageResult | undefined {
  const status = JSON.parse(statusJson)
  if (typeof status !== "object" || status === null) throw new TypeError("the status is no object")
  const { messageResults = [] } = status
  if (!Array.isArray(messageResults)) throw new TypeError("messageResults is no list")
  const result = messageResults.find((m) => m?.id === messageId)
  if (!result) return undefined
  const { returnValue = 0, output_data = "", start_ts = 0, finish_ts = 0 } = result
  if (typeof returnValue !== "number" || typeof output_data !== "string") {
    throw new TypeError("a result has fields of other types")
  }
  const executedMs = Number(finish_ts) - Number(start_ts)
  return { id: messageId, returnValue, output: output_data, executedMs: Math.max(executedMs, 0) }
}
