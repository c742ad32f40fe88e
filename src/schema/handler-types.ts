import ts from "typescript"
import { skipOuter } from "./skip-outer.ts"

/** What a handler's type says. */
export interface HandlerTypes {
  /** What validators leave for the handler, by target: `json`, `query`, ... */
  inputs: Map<string, ts.Type>
  /** What validators take, by target. */
  given: Map<string, ts.Type>
  /** JSON bodies that it returns. */
  bodies: ResponseBody[]
  /** Bodies were declared for more statuses than an author writes; they have none of their own now. */
  capped: boolean
  /** Something that it returns is `any`, or can't be found: there may be other bodies. */
  untyped: boolean
}

/** What a handler returns. */
type Answer = Pick<ResponseBody, "type" | "given">

/** A JSON body that a handler returns. */
export interface ResponseBody {
  /** The HTTP status; 0 when the type leaves it open. */
  status: number
  type: ts.Type
  /** What was given to `c.json()`, of which `type` is what Hono makes; unknown when it was called elsewhere. */
  given?: ts.Type | undefined
}

const TARGETS = ["param", "query", "header", "cookie", "form", "json"]

/** More statuses than this are not what an author wrote: Hono's own unions of all of a kind are larger. */
const MAX_STATUSES = 20

const ANYTHING = ts.TypeFlags.Any | ts.TypeFlags.Unknown

/** Reads a handler's types; `declares` when its registration declares what it answers, as a route of zod-openapi. */
export function handlerTypes(
  checker: ts.TypeChecker,
  handler: ts.Expression,
  declares: boolean,
): HandlerTypes {
  const own = signaturesOf(checker, lastOfTuple(checker, checker.getTypeAtLocation(handler)))
  const contextual = checker.getContextualType(handler)
  // A handler that is defined elsewhere may not know the validators before it; the call that registers it does.
  const expected = contextual ? signaturesOf(checker, contextual) : []
  const found = [...own, ...expected].map((signature) => ({
    inputs: inputsOf(checker, signature, handler, "out"),
    given: inputsOf(checker, signature, handler, "in"),
  }))
  const { inputs, given } = found.find((one) => one.inputs.size > 0) ?? {
    inputs: new Map(),
    given: new Map(),
  }
  const typesOf = (signatures: ts.Signature[]): Answer[] =>
    signatures.map((signature) => ({ type: signature.getReturnType() }))
  // All that can have content is what Hono writes when `c.json()` gets no status; it sends 200 then.
  const open = declares ? 0 : 200
  // What the registration declares is what was agreed; what the handler returns may be less.
  const answers = declares ? typesOf(expected) : (returnedTypes(checker, handler) ?? typesOf(own))
  const members = answers.flatMap(({ type, given }) =>
    membersOf(checker.getAwaitedType(type) ?? type).map((member) => ({ type: member, given })),
  )
  const { bodies, capped } = capStatuses(members.flatMap((member) => bodiesOf(checker, member, open)))
  return {
    inputs,
    given,
    bodies,
    capped,
    untyped: own.length === 0 || members.some(({ type }) => isUntyped(checker, type)),
  }
}

/** The type of the handler itself, when handlers are given as a spread list of a known length. */
function lastOfTuple(checker: ts.TypeChecker, type: ts.Type): ts.Type {
  if (!checker.isTupleType(type)) return type
  return checker.getTypeArguments(type as ts.TypeReference).at(-1) ?? type
}

function signaturesOf(checker: ts.TypeChecker, type: ts.Type): ts.Signature[] {
  return membersOf(type).flatMap((member) => [...checker.getSignaturesOfType(member, ts.SignatureKind.Call)])
}

function membersOf(type: ts.Type): ts.Type[] {
  return type.isUnion() ? type.types : [type]
}

function inputsOf(
  checker: ts.TypeChecker,
  signature: ts.Signature,
  at: ts.Node,
  side: "in" | "out",
): Map<string, ts.Type> {
  const inputs = new Map<string, ts.Type>()
  const [parameter] = signature.getParameters()
  const context = parameter && checker.getTypeOfSymbolAtLocation(parameter, at)
  if (context?.symbol?.name !== "Context") return inputs
  const input = checker.getTypeArguments(context as ts.TypeReference)[2]
  const types = input && checker.getPropertyOfType(input, side)
  if (!types) return inputs
  const byTarget = checker.getTypeOfSymbol(types)
  for (const target of TARGETS) {
    const property = checker.getPropertyOfType(byTarget, target)
    if (property) inputs.set(target, checker.getTypeOfSymbol(property))
  }
  return inputs
}

/**
 * The types of what the handler's code returns. They are read one by one: in the function's own type a plain Response,
 * such as `c.notFound()`, absorbs all others.
 */
function returnedTypes(checker: ts.TypeChecker, handler: ts.Expression): Answer[] | undefined {
  const declaration = functionOf(checker, handler)
  if (!declaration?.body || declaration.type) return undefined
  const expressions = ts.isBlock(declaration.body) ? returnsIn(declaration.body) : [declaration.body]
  return expressions.flatMap(branchesOf).map((expression) => ({
    type: checker.getTypeAtLocation(expression),
    given: givenTo(checker, expression),
  }))
}

/** The type of what `c.json()` gets, when the expression is such a call. */
function givenTo(checker: ts.TypeChecker, expression: ts.Expression): ts.Type | undefined {
  const call = skipOuter(ts.isAwaitExpression(expression) ? expression.expression : expression)
  if (!ts.isCallExpression(call)) return undefined
  const signature = checker.getResolvedSignature(call)
  const declaration = signature?.declaration?.parent
  if (!declaration || !ts.isInterfaceDeclaration(declaration) || declaration.name.text !== "JSONRespond") {
    return undefined
  }
  const [body] = signature.getParameters()
  return body && checker.getTypeOfSymbolAtLocation(body, call)
}

/** The function that an expression names or is. */
function functionOf(checker: ts.TypeChecker, handler: ts.Expression): ts.FunctionLikeDeclaration | undefined {
  const expression = skipOuter(handler)
  if (ts.isArrowFunction(expression) || ts.isFunctionExpression(expression)) return expression
  if (!ts.isIdentifier(expression) && !ts.isPropertyAccessExpression(expression)) return undefined
  let symbol = checker.getSymbolAtLocation(expression)
  if (symbol && symbol.flags & ts.SymbolFlags.Alias) symbol = checker.getAliasedSymbol(symbol)
  const declaration = symbol?.valueDeclaration
  if (!declaration) return undefined
  if (ts.isFunctionDeclaration(declaration) || ts.isMethodDeclaration(declaration)) return declaration
  const holdsValue = ts.isVariableDeclaration(declaration) || ts.isPropertyAssignment(declaration)
  const value = holdsValue && declaration.initializer && skipOuter(declaration.initializer)
  return value && (ts.isArrowFunction(value) || ts.isFunctionExpression(value)) ? value : undefined
}

function returnsIn(body: ts.Block): ts.Expression[] {
  const found: ts.Expression[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) || ts.isClassLike(node)) return
    if (ts.isReturnStatement(node)) {
      if (node.expression) found.push(node.expression)
    } else ts.forEachChild(node, visit)
  }
  visit(body)
  return found
}

/** The expressions that an expression may have the value of. */
function branchesOf(node: ts.Expression): ts.Expression[] {
  if (ts.isParenthesizedExpression(node)) return branchesOf(node.expression)
  if (ts.isConditionalExpression(node)) return [...branchesOf(node.whenTrue), ...branchesOf(node.whenFalse)]
  return [node]
}

/** What a `TypedResponse` of Hono's says. */
function declaredBy(checker: ts.TypeChecker, answer: ts.Type) {
  const property = (name: string) => {
    const symbol = checker.getPropertyOfType(answer, name)
    return symbol && checker.getTypeOfSymbol(symbol)
  }
  return { type: property("_data"), format: property("_format"), status: property("_status") }
}

function isUntyped(checker: ts.TypeChecker, answer: ts.Type): boolean {
  if (answer.flags & ANYTHING) return true
  const { type, format } = declaredBy(checker, answer)
  return type !== undefined && format !== undefined && isOpen(format) && (type.flags & ANYTHING) !== 0
}

/** `open` is the status of a body whose type names nearly all of them. */
function bodiesOf(checker: ts.TypeChecker, answer: Answer, open: number): ResponseBody[] {
  const { type, format, status } = declaredBy(checker, answer.type)
  if (!type || !format || !(isJson(format) || (isOpen(format) && hasContent(checker, type)))) return []
  return statusesOf(status, open).map((code) => ({ status: code, type, given: answer.given }))
}

/** A body that may have nearly any status is the body of every status that has none of its own. */
function capStatuses(bodies: ResponseBody[]): { bodies: ResponseBody[]; capped: boolean } {
  const counts = new Map<ts.Type, number>()
  for (const { type } of bodies) counts.set(type, (counts.get(type) ?? 0) + 1)
  const isMany = ({ type }: ResponseBody) => counts.get(type)! > MAX_STATUSES
  const many = new Set(bodies.filter(isMany).map(({ type }) => type))
  const kept = bodies.filter((body) => !isMany(body))
  return { bodies: [...kept, ...[...many].map((type) => ({ status: 0, type }))], capped: many.size > 0 }
}

function isJson(format: ts.Type): boolean {
  return membersOf(format).some((member) => member.isStringLiteral() && member.value === "json")
}

/** Hono says no format where it does not see that the type is JSON, as of an interface; nor where there is no body. */
function isOpen(format: ts.Type): boolean {
  return (format.flags & ts.TypeFlags.String) !== 0
}

function hasContent(checker: ts.TypeChecker, type: ts.Type): boolean {
  const object = ts.TypeFlags.Object | ts.TypeFlags.Intersection
  return membersOf(type).some(
    (member) =>
      (member.flags & object) !== 0 &&
      (checker.getPropertiesOfType(member).length > 0 || checker.getIndexInfosOfType(member).length > 0),
  )
}

function statusesOf(type: ts.Type | undefined, open: number): number[] {
  const members = type === undefined ? [] : membersOf(type)
  const codes = members.flatMap((member) => (member.isNumberLiteral() ? [member.value] : []))
  if (codes.length > 0 && codes.length <= MAX_STATUSES) return codes
  return codes.length === 0 || codes.includes(200) ? [open] : [0]
}
