import ts from "typescript"
import { makeClientOptional } from "./client-optional.ts"
import { TypeConverter } from "./convert-type.ts"
import { type Diagnostic, diagnostic, type SourcePlace } from "./diagnostic.ts"
import { type HandlerTypes, handlerTypes, type ResponseBody } from "./handler-types.ts"
import type { FieldModel, MessageModel, MethodModel, Origin, ServiceModel, TypeModel } from "./model.ts"
import type { Project } from "./project.ts"
import type { RouteRow } from "./read-routes.ts"
import type { TypeNames } from "./type-names.ts"
import { pascalCase, snakeCase, UniqueNames } from "./words.ts"

/** A route of the app. */
export interface RouteModel {
  /** In upper case; `ALL` for every method. */
  method: string
  /** With base paths and mounts, as `app.routes` has it. */
  path: string
  /** Which one it is of the rows of `app.routes` with that method and path, from 0. */
  occurrence: number
  /** How many rows the source shows with that method and path; when the app has another number, some were not seen. */
  rowCount: number
  /** Name of the method in the app's service. */
  rpc: string
  request: MessageModel
  response: MessageModel
  /** Targets that have a validator. */
  validated: string[]
  handler: ts.Expression
  source: SourcePlace
}

/** Sections of a request message, with the numbers that they have in every one. */
const SECTIONS = { param: 1, query: 2, header: 3, cookie: 4, form: 5, json: 6 } as const
type Section = keyof typeof SECTIONS

/** What a path's last `*` stands for. Only callers of the service give it: a handler has it in the request's path. */
const WILDCARD: FieldModel = {
  property: "wildcard",
  type: { kind: "string" },
  optional: false,
  nullable: false,
  number: 7,
}

/** A body that no type describes. */
const RAW: FieldModel = {
  property: "raw",
  type: { kind: "raw" },
  optional: false,
  nullable: false,
  number: 15,
}

const STATUS_NAMES: Record<number, string> = {
  0: "other",
  200: "ok",
  201: "created",
  202: "accepted",
  400: "bad_request",
  401: "unauthorized",
  402: "payment_required",
  403: "forbidden",
  404: "not_found",
  405: "method_not_allowed",
  409: "conflict",
  410: "gone",
  412: "precondition_failed",
  413: "payload_too_large",
  415: "unsupported_media_type",
  422: "unprocessable_entity",
  429: "too_many_requests",
  500: "internal_server_error",
  501: "not_implemented",
  502: "bad_gateway",
  503: "service_unavailable",
  504: "gateway_timeout",
}

/** What is the matter with a part of a body. */
const WHAT = {
  any_type: (type: string) => `${type} says nothing of the value, so it travels as JSON text`,
  unmapped_type: (type: string) => `no mapping for ${type}, so it travels as JSON text`,
  ambiguous_union: (type: string) =>
    `the JSON of ${type} does not tell it from another member of the union, so it is taken for that`,
}

/** Makes the service of an app's routes. */
export function serviceModel(
  project: Project,
  app: string,
  rows: readonly RouteRow[],
  typeNames: TypeNames,
  diagnostics: Diagnostic[],
): { model: ServiceModel; routes: RouteModel[] } {
  return new ServiceBuilder(project, app, typeNames, diagnostics).build(rows)
}

class ServiceBuilder {
  readonly #project: Project
  readonly #diagnostics: Diagnostic[]
  readonly #names = new UniqueNames()
  readonly #converter: TypeConverter
  readonly #package: string
  readonly #service: string
  readonly #messages: MessageModel[] = []

  constructor(project: Project, app: string, typeNames: TypeNames, diagnostics: Diagnostic[]) {
    this.#project = project
    this.#diagnostics = diagnostics
    this.#package = `${snakeCase(app)}.v1`
    this.#service = this.#names.take(`${pascalCase(app)}Service`)
    this.#converter = new TypeConverter(project, this.#names, typeNames)
  }

  build(rows: readonly RouteRow[]): { model: ServiceModel; routes: RouteModel[] } {
    const seen = new Map<string, number>()
    const methods: MethodModel[] = []
    const routes: RouteModel[] = []
    // A method's messages have their names before any type can take one.
    const named = rows.map((row) => {
      const key = `${row.method} ${row.path}`
      const occurrence = seen.get(key) ?? 0
      seen.set(key, occurrence + 1)
      if (!row.handler) return undefined
      return { row, handler: row.handler, occurrence, rpc: this.#rpcName(row) }
    })
    for (const entry of named) {
      if (!entry) continue
      const { row, handler, occurrence, rpc } = entry
      const { method, types } = this.#method(row, handler, rpc)
      methods.push(method)
      routes.push({
        method: row.method,
        path: row.path,
        occurrence,
        rowCount: seen.get(`${row.method} ${row.path}`)!,
        rpc,
        request: method.request,
        response: method.response,
        validated: [...types.inputs.keys()],
        handler,
        source: this.#project.place(handler),
      })
    }
    const model = {
      package: this.#package,
      service: this.#service,
      methods,
      messages: [...this.#messages, ...this.#converter.messages],
      enums: this.#converter.enums,
    }
    return { model, routes }
  }

  #rpcName({ method, path }: RouteRow): string {
    const words = path.split("/").map((part) => {
      const parameter = /^:([^{?]+)/.exec(part)
      if (parameter) return `By${pascalCase(parameter[1]!)}`
      return part === "*" ? "Wildcard" : pascalCase(part)
    })
    const base = `${pascalCase(method.toLowerCase())}${words.join("") || "Root"}`
    for (let n = 1; ; n++) {
      const rpc = n === 1 ? base : `${base}${n}`
      if (this.#names.has(`${rpc}Request`) || this.#names.has(`${rpc}Response`)) continue
      this.#names.take(`${rpc}Request`)
      this.#names.take(`${rpc}Response`)
      return rpc
    }
  }

  #method(row: RouteRow, handler: ts.Expression, rpc: string): { method: MethodModel; types: HandlerTypes } {
    const types = handlerTypes(this.#project.checker, handler, row.registration === "openapi")
    const request: MessageModel = {
      name: `${rpc}Request`,
      shape: "object",
      fields: this.#requestFields(row, handler, rpc, types),
      origin: this.#origin(row, handler, "request"),
    }
    const response: MessageModel = {
      name: `${rpc}Response`,
      shape: "response",
      fields: this.#responseFields(row, handler, rpc, types),
      origin: this.#origin(row, handler, "response"),
    }
    this.#messages.push(request, response)
    const doc = docOf(row.call)
    return {
      method: { rpc, method: row.method, path: row.path, request, response, ...(doc ? { doc } : {}) },
      types,
    }
  }

  #requestFields(row: RouteRow, handler: ts.Expression, rpc: string, types: HandlerTypes): FieldModel[] {
    const fields: FieldModel[] = []
    for (const section of Object.keys(SECTIONS) as Section[]) {
      const type = types.inputs.get(section)
      const base = { property: section, optional: false, nullable: false, number: SECTIONS[section] }
      if (type) {
        const before = this.#converter.messages.length
        const name = `${rpc}${pascalCase(section)}`
        const message = this.#convert(row, handler, section, (converter) =>
          section === "form" ? converter.form(type, name) : converter.body([{ type }], name),
        )
        const given = types.given.get(section)
        if (message && given) {
          const made = new Set(this.#converter.messages.slice(before))
          makeClientOptional(this.#project.checker, message, given, made)
        }
        fields.push({ ...base, type: message ? { kind: "message", message } : { kind: "json" } })
      } else if (section === "param") {
        const message = this.#params(row.path, rpc)
        if (message) fields.push({ ...base, type: { kind: "message", message } })
      }
    }
    if (row.path.endsWith("/*")) fields.push(WILDCARD)
    const hasBody = !["GET", "HEAD"].includes(row.method)
    if (hasBody && !types.inputs.has("json") && !types.inputs.has("form")) fields.push(RAW)
    return fields
  }

  /** The path's parameters as they are when no validator changes them. */
  #params(path: string, rpc: string): MessageModel | undefined {
    const fields = [...path.matchAll(/\/:([^/{?]+)(?:\{[^}]*\})?(\?)?/g)].map(([, name, optional]) => ({
      property: name!,
      type: { kind: "string" as const },
      optional: optional !== undefined,
      nullable: false,
    }))
    if (fields.length === 0) return undefined
    const message: MessageModel = { name: this.#names.take(`${rpc}Param`), shape: "object", fields }
    this.#messages.push(message)
    return message
  }

  #responseFields(row: RouteRow, handler: ts.Expression, rpc: string, types: HandlerTypes): FieldModel[] {
    const byStatus = new Map<number, ResponseBody[]>()
    for (const body of types.bodies) {
      const known = byStatus.get(body.status) ?? []
      if (!known.some(({ type, given }) => type === body.type && given === body.given)) known.push(body)
      byStatus.set(body.status, known)
    }
    const fields: FieldModel[] = []
    for (const [status, bodies] of [...byStatus].sort(([a], [b]) => a - b)) {
      const name = STATUS_NAMES[status] ?? `status_${status}`
      const what = status === 0 ? "response" : `response ${status}`
      const message = this.#convert(row, handler, what, (converter) =>
        converter.body(bodies, `${rpc}${pascalCase(name)}`),
      )
      const type: TypeModel = message ? { kind: "message", message } : { kind: "json" }
      fields.push({ property: name, optional: false, nullable: false, status, type })
    }
    if (types.capped) {
      this.#report("many_statuses", row, handler, {
        part: "response",
        type: "",
        what: "a body is declared for nearly every status, so it is that of all statuses that have no other",
        hint: "declare the statuses that it has",
      })
    }
    if (types.untyped && !byStatus.has(0)) {
      this.#report("unknown_handler", row, handler, {
        part: "response",
        type: "any",
        what: "the type of what it returns is not known, so it travels as JSON text",
        hint: "return what c.json() gives, with a value whose type is known",
      })
      fields.push({ property: "other", optional: false, nullable: false, status: 0, type: { kind: "json" } })
    }
    fields.push(RAW)
    return fields
  }

  #convert(
    row: RouteRow,
    at: ts.Node,
    what: string,
    convert: (converter: TypeConverter) => MessageModel | undefined,
  ): MessageModel | undefined {
    const before = this.#converter.messages.length
    const message = convert(this.#converter)
    const origin = this.#origin(row, at, what)
    for (const made of this.#converter.messages.slice(before)) made.origin = origin
    for (const { code, path, type, hint } of this.#converter.poorParts) {
      const part = path === "" ? what : `${what}: ${path}`
      this.#report(code, row, at, { part, type, what: WHAT[code](type), hint })
    }
    return message
  }

  #report(
    code: Diagnostic["code"],
    row: RouteRow,
    at: ts.Node,
    parts: Pick<Diagnostic, "part" | "type" | "what" | "hint">,
  ): void {
    this.#diagnostics.push(diagnostic({ code, ...this.#origin(row, at, ""), ...parts }))
  }

  #origin({ method, path }: RouteRow, at: ts.Node, part: string): Origin {
    return { source: this.#project.place(at), route: `${method} ${path}`, part }
  }
}

/** The comment before a registration, which may stand in the middle of a chain. */
function docOf(call: ts.CallExpression): string | undefined {
  const text = call.getSourceFile().text
  const starts = [call.getFullStart()]
  const callee = call.expression
  if (ts.isPropertyAccessExpression(callee)) starts.unshift(callee.expression.getEnd())
  for (const start of starts) {
    const comment = ts.getLeadingCommentRanges(text, start)?.at(-1)
    if (!comment) continue
    const raw = text.slice(comment.pos, comment.end)
    if (!raw.startsWith("/**")) continue
    const lines = raw
      .slice(3, -2)
      .split("\n")
      .map((line) => line.replace(/^\s*\*? ?/, "").trimEnd())
    const doc = lines.join("\n").trim()
    return doc === "" ? undefined : doc
  }
  return undefined
}
