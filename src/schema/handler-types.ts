import ts from "typescript"

/** What a handler's type says. */
export interface HandlerTypes {
  /** What validators leave for the handler, by target: `json`, `query`, ... */
  inputs: Map<string, ts.Type>
  /** JSON bodies that it returns. */
  bodies: ResponseBody[]
}

/** A JSON body that a handler returns. */
export interface ResponseBody {
  /** The HTTP status. */
  status: number
  type: ts.Type
}

const TARGETS = ["param", "query", "header", "cookie", "form", "json"]

/** Reads a handler's signature; undefined when the expression is no function. */
export function handlerTypes(checker: ts.TypeChecker, handler: ts.Expression): HandlerTypes | undefined {
  const type = checker.getTypeAtLocation(handler)
  const [signature] = checker.getSignaturesOfType(type, ts.SignatureKind.Call)
  if (!signature) return undefined
  return {
    inputs: inputsOf(checker, signature, handler),
    bodies: bodiesOf(checker, signature.getReturnType()),
  }
}

function inputsOf(checker: ts.TypeChecker, signature: ts.Signature, at: ts.Node): Map<string, ts.Type> {
  const inputs = new Map<string, ts.Type>()
  const [parameter] = signature.getParameters()
  const context = parameter && checker.getTypeOfSymbolAtLocation(parameter, at)
  if (!context || context.symbol?.name !== "Context") return inputs
  const input = checker.getTypeArguments(context as ts.TypeReference)[2]
  const out = input && checker.getPropertyOfType(input, "out")
  if (!out) return inputs
  const outType = checker.getTypeOfSymbol(out)
  for (const target of TARGETS) {
    const property = checker.getPropertyOfType(outType, target)
    if (property) inputs.set(target, checker.getTypeOfSymbol(property))
  }
  return inputs
}

function bodiesOf(checker: ts.TypeChecker, returned: ts.Type): ResponseBody[] {
  const bodies: ResponseBody[] = []
  const awaited = checker.getAwaitedType(returned) ?? returned
  for (const member of awaited.isUnion() ? awaited.types : [awaited]) {
    const data = checker.getPropertyOfType(member, "_data")
    const format = checker.getPropertyOfType(member, "_format")
    if (!data || !format || !isJson(checker.getTypeOfSymbol(format))) continue
    const status = checker.getPropertyOfType(member, "_status")
    for (const code of statusesOf(status && checker.getTypeOfSymbol(status))) {
      bodies.push({ status: code, type: checker.getTypeOfSymbol(data) })
    }
  }
  return bodies
}

function isJson(format: ts.Type): boolean {
  const members = format.isUnion() ? format.types : [format]
  return members.some((member) => member.isStringLiteral() && member.value === "json")
}

/** The statuses a type names. All that can have content is what Hono writes when none was given: 200. */
function statusesOf(type: ts.Type | undefined): number[] {
  const members = type === undefined ? [] : type.isUnion() ? type.types : [type]
  const codes = members.flatMap((member) => (member.isNumberLiteral() ? [member.value] : []))
  return codes.length === 0 || codes.length > 20 ? [200] : codes
}
