/**
 * HTTP bindings as `google.api.http` has them, for transcoders that read nothing else.
 *
 * @module
 */
import type { DescriptorProto, FileDescriptorProto, MethodDescriptorProto } from "@bufbuild/protobuf/wkt"

/** What has to be imported for {@link googleHttp}. */
export const GOOGLE_ANNOTATIONS = "google/api/annotations.proto"

const VERBS = new Set(["GET", "PUT", "POST", "DELETE", "PATCH"])

/**
 * The lines of the option, without indentation.
 *
 * @see https://github.com/googleapis/googleapis/blob/master/google/api/http.proto
 */
export function googleHttp(
  file: FileDescriptorProto,
  { inputType }: MethodDescriptorProto,
  route: { method: string; path: string },
): string[] {
  const input = messageOf(file, inputType)
  const [first, ...others] = templatesOf(route.path, paramNames(file, input))
  const body: Entry[] = input?.field.some(({ name }) => name === "json") ? [["body", "json"]] : []
  const rule = (template: string): Entry[] => [pattern(route.method, template), ...body]
  const bindings = others.map((other): Entry => ["additional_bindings", rule(other)])
  const [head, ...rest] = message([...rule(first!), ...bindings])
  const lines = [`option (google.api.http) = ${head}`, ...rest]
  lines.push(`${lines.pop()};`)
  return lines
}

/** A field of a message in protobuf's text format. */
type Entry = [name: string, value: string | Entry[]]

/** As `buf format` has it: a single plain field is on the line of the braces. */
function message(entries: Entry[]): string[] {
  const lines = entries.flatMap(([name, value]) => {
    const [head, ...rest] = typeof value === "string" ? [JSON.stringify(value)] : message(value)
    return [`${name}: ${head}`, ...rest]
  })
  return lines.length === 1 ? [`{${lines[0]}}`] : ["{", ...lines.map((line) => `  ${line}`), "}"]
}

function pattern(method: string, path: string): Entry {
  if (VERBS.has(method)) return [method.toLowerCase(), path]
  const kind = method === "ALL" ? "*" : method
  return [
    "custom",
    [
      ["kind", kind],
      ["path", path],
    ],
  ]
}

/** The path with its parameters as fields of the message; where the last one is optional, without it as well. */
function templatesOf(path: string, names: ReadonlyMap<string, string>): string[] {
  const optional = /\/:[^/{?]+(?:\{(?:[^{}]|\{[^{}]*\})*\})?\?$/.exec(path)
  const fill = (part: string) =>
    part
      .replace(/:([^/{?]+)(\{(?:[^{}]|\{[^{}]*\})*\})?\??/g, (_, name: string, constraint = "") => {
        // What a constraint lets through is one segment, unless it takes anything.
        const many = /^\{\.[*+]\}$/.test(constraint) ? "=**" : ""
        return `{param.${names.get(name) ?? name}${many}}`
      })
      .replace(/\/\*$/, "/{wildcard=**}") || "/"
  return optional ? [fill(path), fill(path.slice(0, optional.index))] : [fill(path)]
}

/** Names of the fields of path parameters. */
function paramNames(file: FileDescriptorProto, input: DescriptorProto | undefined): Map<string, string> {
  const param = input?.field.find(({ name }) => name === "param")
  const fields = param && messageOf(file, param.typeName)?.field
  return new Map(fields?.map(({ jsonName, name }) => [jsonName, name]))
}

function messageOf(file: FileDescriptorProto, typeName: string): DescriptorProto | undefined {
  return file.messageType.find(({ name }) => typeName === `.${file.package}.${name}`)
}
