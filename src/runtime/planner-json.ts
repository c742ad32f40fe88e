/*
 * The messages of Faasm's planner as its JSON has them: the protobuf JSON mapping, with enums as
 * numbers, absent instead of default values, and 64-bit numbers as strings. A field has its JSON name
 * and, when read, its name in the .proto file too. Field names are those of faabric's planner.proto and
 * faabric.proto.
 */

/** The request's JSON is not the message that it should be. */
export class PlannerJsonError extends Error {
  constructor(message: string) {
    super(message)
    this.name = "PlannerJsonError"
  }
}

type Kind =
  | "int32"
  | "int64"
  | "bool"
  | "string"
  | "bytes"
  | { readonly map: "int32" | "string" }
  | "int32s"
  | Schema
  | { list: Schema }
  | Enum
interface Enum {
  values: Record<string, number>
}
interface Schema {
  fields: Record<string, Field>
}
interface Field {
  kind: Kind
  json: string
}

/** A message's fields by their name in the .proto file, each with its kind and its JSON name if that differs. */
function message(fields: Record<string, Kind | [Kind, string]>): Schema {
  return {
    fields: Object.fromEntries(
      Object.entries(fields).map(([name, field]) => [
        name,
        Array.isArray(field) ? { kind: field[0], json: field[1] } : { kind: field, json: name },
      ]),
    ),
  }
}

const HTTP_MESSAGE = message({
  type: [
    {
      values: {
        NO_TYPE: 0,
        RESET: 1,
        FLUSH_AVAILABLE_HOSTS: 2,
        FLUSH_EXECUTORS: 3,
        FLUSH_SCHEDULING_STATE: 4,
        GET_AVAILABLE_HOSTS: 5,
        GET_CONFIG: 6,
        GET_EXEC_GRAPH: 7,
        GET_IN_FLIGHT_APPS: 8,
        EXECUTE_BATCH: 10,
        EXECUTE_BATCH_STATUS: 11,
        PRELOAD_SCHEDULING_DECISION: 12,
        SET_POLICY: 13,
        GET_POLICY: 14,
        SET_NEXT_EVICTED_VM: 15,
      },
    },
    "http_type",
  ],
  payloadJson: ["string", "payload"],
})

const MESSAGE = message({
  id: "int32",
  appId: "int32",
  appIdx: "int32",
  mainHost: "string",
  type: { values: { CALL: 0, KILL: 1, EMPTY: 2, FLUSH: 3 } },
  user: "string",
  function: "string",
  inputData: ["bytes", "input_data"],
  outputData: ["string", "output_data"],
  funcPtr: "int32",
  returnValue: "int32",
  snapshotKey: "string",
  startTimestamp: ["int64", "start_ts"],
  resultKey: "string",
  executesLocally: "bool",
  statusKey: "string",
  executedHost: "string",
  finishTimestamp: ["int64", "finish_ts"],
  isPython: ["bool", "python"],
  pythonUser: ["string", "py_user"],
  pythonFunction: ["string", "py_func"],
  pythonEntry: "string",
  groupId: "int32",
  groupIdx: "int32",
  groupSize: "int32",
  isMpi: ["bool", "mpi"],
  mpiWorldId: "int32",
  mpiRank: "int32",
  mpiWorldSize: ["int32", "mpi_world_size"],
  cmdline: "string",
  recordExecGraph: ["bool", "record_exec_graph"],
  chainedMsgIds: "int32s",
  intExecGraphDetails: { map: "int32" },
  execGraphDetails: { map: "string" },
  isOmp: "bool",
  ompNumThreads: "int32",
})

const BATCH = message({
  appId: "int32",
  groupId: "int32",
  user: "string",
  function: "string",
  type: { values: { FUNCTIONS: 0, THREADS: 1, PROCESSES: 2, MIGRATION: 3 } },
  snapshotKey: "string",
  messages: { list: MESSAGE },
  subType: "int32",
  contextData: "bytes",
  singleHost: "bool",
  singleHostHint: "bool",
  elasticScaleHint: "bool",
})

const BATCH_STATUS = message({
  appId: "int32",
  finished: "bool",
  messageResults: { list: MESSAGE },
  expectedNumMessages: "int32",
})

/** `HttpMessage`: what is POSTed to the planner. */
export interface HttpMessage {
  type?: number
  payloadJson?: string
}

/** `Message`: a call, and its result. Only what the runtime reads is named; the rest is kept as it came. */
export interface PlannerMessage {
  id?: number
  appId?: number
  user?: string
  function?: string
  /** Base64. */
  inputData?: string
  outputData?: string
  returnValue?: number
  startTimestamp?: string
  finishTimestamp?: string
  executedHost?: string
  [name: string]: unknown
}

/** `BatchExecuteRequest`. */
export interface BatchExecuteRequest {
  appId?: number
  user?: string
  function?: string
  messages?: PlannerMessage[]
  subType?: number
}

/** `BatchExecuteRequestStatus`. */
export interface BatchExecuteRequestStatus {
  appId?: number
  finished?: boolean
  messageResults?: PlannerMessage[]
}

/** The values of `HttpMessage.Type`, by name. */
export const HTTP_TYPE = (HTTP_MESSAGE.fields.type!.kind as Enum).values as Record<string, number> & {
  readonly [name: string]: number
}

/** Reads a `HttpMessage`. Throws {@link PlannerJsonError}, as the other readers do. */
export const readHttpMessage = (json: string): HttpMessage => read(HTTP_MESSAGE, json)
/** Reads a `BatchExecuteRequest`. */
export const readBatch = (json: string): BatchExecuteRequest => read(BATCH, json)
/** Reads a `BatchExecuteRequestStatus`. */
export const readBatchStatus = (json: string): BatchExecuteRequestStatus => read(BATCH_STATUS, json)
/** Writes a `BatchExecuteRequestStatus`. */
export const writeBatchStatus = (status: BatchExecuteRequestStatus): string =>
  JSON.stringify(write(BATCH_STATUS, status as Record<string, unknown>))

function read<T>(schema: Schema, json: string): T {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch (error) {
    throw new PlannerJsonError((error as Error).message)
  }
  return readMessage(schema, value) as T
}

/** For each schema its fields by every name that JSON may use. */
const byJsonName = new WeakMap<Schema, Map<string, [name: string, kind: Kind]>>()

function fieldsByJsonName(schema: Schema): Map<string, [string, Kind]> {
  let fields = byJsonName.get(schema)
  if (!fields) {
    fields = new Map()
    for (const [name, { kind, json }] of Object.entries(schema.fields))
      for (const alias of [name, json]) fields.set(alias, [name, kind])
    byJsonName.set(schema, fields)
  }
  return fields
}

function readMessage(schema: Schema, value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new PlannerJsonError("not an object")
  const fields = fieldsByJsonName(schema)
  const result: Record<string, unknown> = {}
  for (const [name, item] of Object.entries(value)) {
    const field = fields.get(name)
    if (!field) throw new PlannerJsonError(`no such field: ${name}`)
    if (item !== null) result[field[0]] = readValue(field[1], item, name)
  }
  return result
}

function readValue(kind: Kind, value: unknown, name: string): unknown {
  const misfit = () => new PlannerJsonError(`not a value of the field's type: ${name}`)
  if (typeof kind === "object") {
    if ("fields" in kind) return readMessage(kind, value)
    if ("list" in kind) {
      if (!Array.isArray(value)) throw misfit()
      return value.map((item) => readMessage(kind.list, item))
    }
    if ("map" in kind) {
      if (typeof value !== "object" || value === null || Array.isArray(value)) throw misfit()
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [key, readValue(kind.map, item, name)]),
      )
    }
    if (typeof value === "string" && Object.hasOwn(kind.values, value)) return kind.values[value]
    if (typeof value === "number") return value
    throw misfit()
  }
  switch (kind) {
    case "int32": {
      const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value
      if (typeof number !== "number" || (number | 0) !== number) throw misfit()
      return number
    }
    case "int64":
      // Turning what else it may be into text could recurse without end.
      if (typeof value !== "string" && typeof value !== "number") throw misfit()
      if (!/^-?\d{1,19}$/.test(String(value))) throw misfit()
      return String(value)
    case "bool":
      if (typeof value !== "boolean") throw misfit()
      return value
    case "string":
    case "bytes":
      if (typeof value !== "string") throw misfit()
      if (kind === "bytes" && !/^[A-Za-z0-9+/_-]*={0,2}$/.test(value)) throw misfit()
      return value
    case "int32s":
      if (!Array.isArray(value)) throw misfit()
      return value.map((item) => readValue("int32", item, name))
  }
}

function write(schema: Schema, value: Record<string, unknown>): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  for (const [name, { kind, json }] of Object.entries(schema.fields)) {
    const item = value[name]
    if (item === undefined || isDefault(item)) continue
    result[json] =
      typeof kind === "object" && "list" in kind
        ? (item as Record<string, unknown>[]).map((entry) => write(kind.list, entry))
        : item
  }
  return result
}

function isDefault(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.keys(value).length === 0
  return value === 0 || value === "" || value === false || value === "0"
}
