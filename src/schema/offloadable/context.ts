import ts from "typescript"
import type { RouteNeeds } from "../../manifest.ts"
import { honoHelper } from "./hono-modules.ts"
import { notJson } from "./json-like.ts"
import { everything } from "./needs.ts"
import type { Project } from "./project.ts"
import type { State } from "./state.ts"
import { accessedName, isAccess, isFunctionNode, unwrap } from "./syntax.ts"

/** Hono's objects that give a handler its request. */
export type ContextKind = "context" | "request" | "raw"

/** What a use of one of them means. */
export interface ContextUse {
  /** Why it can't be used in a function. */
  local?: string
  /** What of the request it reads. */
  needs?: Partial<RouteNeeds>
}

const escapes: ContextUse = { needs: everything }

const uses: Readonly<Record<ContextKind, Readonly<Record<string, ContextUse>>>> = {
  context: {
    env: { local: "reads `c.env`, which only the gateway has" },
    executionCtx: { local: "uses `c.executionCtx`: nothing in a function outlives the request" },
    event: { local: "uses `c.event`, which only the gateway has" },
    render: { local: "uses `c.render`, whose renderer is set by middleware in the gateway" },
    setRenderer: { local: "uses `c.setRenderer`, which acts on the gateway's context" },
    setLayout: { local: "uses `c.setLayout`, which acts on the gateway's context" },
    getLayout: { local: "uses `c.getLayout`, which is set by middleware in the gateway" },
    res: { local: "uses `c.res`, the response that the gateway's middleware prepared" },
    error: { local: "reads `c.error`, which the gateway's context has" },
  },
  request: {
    header: { needs: { headers: true } },
    query: { needs: { url: true } },
    queries: { needs: { url: true } },
    url: { needs: { url: true } },
    path: { needs: { url: true } },
    json: { needs: { body: true } },
    text: { needs: { body: true } },
    arrayBuffer: { needs: { body: true } },
    bytes: { needs: { body: true } },
    blob: { needs: { body: true, headers: true } },
    formData: { needs: { body: true, headers: true } },
    parseBody: { needs: { body: true, headers: true } },
    bodyCache: { needs: { body: true, headers: true } },
    // The function finds them as the gateway did, by the path.
    matchedRoutes: { needs: { url: true } },
    routePath: { needs: { url: true } },
    routeIndex: { needs: { url: true } },
  },
  raw: {
    headers: { needs: { headers: true } },
    url: { needs: { url: true } },
    method: {},
    json: { needs: { body: true } },
    text: { needs: { body: true } },
    arrayBuffer: { needs: { body: true } },
    bytes: { needs: { body: true } },
    blob: { needs: { body: true, headers: true } },
    formData: { needs: { body: true, headers: true } },
    bodyUsed: { needs: { body: true } },
    clone: escapes,
    body: { local: "reads the request as a stream; a function gets it in one piece" },
    signal: { local: "uses the request's `signal`: a function is not told that the client left" },
    cf: { local: "reads `c.req.raw.cf`, which only the gateway has" },
  },
}

/** Members of Hono's objects that read nothing of the request beside the validated inputs. */
const harmless: Readonly<Record<ContextKind, ReadonlySet<string>>> = {
  context: new Set(
    "req var get set header status text json html body redirect notFound newResponse finalized".split(" "),
  ),
  request: new Set("raw param valid method addValidatedData".split(" ")),
  raw: new Set(),
}

/** Finds what a handler does with its context, wherever that is passed. */
export class ContextUses {
  readonly #project: Project
  readonly #state: State
  readonly #untyped = new Set<ts.Symbol>()

  constructor(project: Project, state: State) {
    this.#project = project
    this.#state = state
  }

  /** Takes the parameter `name` as a context although its type does not say so. */
  addUntyped(name: ts.BindingName): void {
    const symbol = ts.isIdentifier(name) && this.#project.checker.getSymbolAtLocation(name)
    if (symbol) this.#untyped.add(symbol)
  }

  /** Which of Hono's objects the value of `expression` is. */
  kindOf(expression: ts.Expression): ContextKind | undefined {
    const node = unwrap(expression)
    if (isAccess(node)) {
      const name = accessedName(node)
      if (name === "req" && this.kindOf(node.expression) === "context") return "request"
      if (name === "raw" && this.kindOf(node.expression) === "request") return "raw"
    }
    if (ts.isIdentifier(node)) {
      const symbol = this.#project.symbolAt(node)
      if (symbol && this.#untyped.has(symbol)) return "context"
    }
    return this.#kindOfType(this.#project.checker.getTypeAtLocation(node))
  }

  #kindOfType(type: ts.Type): ContextKind | undefined {
    if (type.isUnion())
      return type.types.map((part) => this.#kindOfType(part)).find((kind) => kind !== undefined)
    const constrained =
      type.flags & ts.TypeFlags.TypeParameter ? this.#project.checker.getBaseConstraintOfType(type) : type
    const name = constrained?.symbol?.name
    if (name !== "Context" && name !== "HonoRequest") return undefined
    const file = constrained?.symbol.declarations?.[0]?.getSourceFile().fileName ?? ""
    if (!file.includes("/hono/")) return undefined
    return name === "Context" ? "context" : "request"
  }

  /** What the use of `node`, which is one of Hono's objects, means. */
  useOf(node: ts.Expression, kind: ContextKind): ContextUse[] {
    let value: ts.Node = node
    for (;;) {
      const { parent } = value
      if (
        ts.isParenthesizedExpression(parent) ||
        ts.isNonNullExpression(parent) ||
        ts.isAwaitExpression(parent)
      ) {
        value = parent
      } else if (
        ts.isAsExpression(parent) ||
        ts.isSatisfiesExpression(parent) ||
        ts.isTypeAssertionExpression(parent)
      ) {
        // The members are looked at by name, whatever the type is said to be.
        value = parent
      } else break
    }
    const { parent } = value
    if (isAccess(parent) && parent.expression === value) {
      const name = accessedName(parent)
      return name === undefined ? [escapes] : this.#useOfMember(kind, name, parent)
    }
    if (ts.isVariableDeclaration(parent) && parent.initializer === value)
      return this.#useOfBinding(parent.name, kind, this.#project.checker.getTypeAtLocation(parent.name))
    if (ts.isBinaryExpression(parent)) {
      if (parent.operatorToken.kind === ts.SyntaxKind.EqualsToken && parent.right === value)
        return ts.isObjectLiteralExpression(parent.left) || !this.kindOf(parent.left) ? [escapes] : []
      return isComparison(parent.operatorToken.kind) ? [] : [escapes]
    }
    if ((ts.isCallExpression(parent) || ts.isNewExpression(parent)) && parent.expression !== value)
      return this.#isUnderstood(parent, value as ts.Expression, kind) ? [] : [escapes]
    if (ts.isPropertyAssignment(parent) || ts.isShorthandPropertyAssignment(parent))
      return this.#keepsType(parent, kind) ? [] : [escapes]
    if (ts.isReturnStatement(parent) || isFunctionNode(parent)) return kind === "raw" ? [escapes] : []
    if (
      ts.isExpressionStatement(parent) ||
      ts.isTypeOfExpression(parent) ||
      ts.isPrefixUnaryExpression(parent)
    )
      return []
    return [escapes]
  }

  /** What destructuring one of Hono's objects by `name` means. */
  useOfParameter(name: ts.BindingName, kind: ContextKind): ContextUse[] {
    return ts.isIdentifier(name) ? [] : this.#useOfBinding(name, kind, undefined)
  }

  /** Which of Hono's objects a parameter is. */
  kindOfParameter(parameter: ts.ParameterDeclaration): ContextKind | undefined {
    return this.#kindOfType(this.#project.checker.getTypeAtLocation(parameter))
  }

  #useOfBinding(name: ts.BindingName, kind: ContextKind, type: ts.Type | undefined): ContextUse[] {
    if (ts.isIdentifier(name))
      return kind !== "raw" && type && this.#kindOfType(type) === kind ? [] : [escapes]
    if (ts.isArrayBindingPattern(name)) return [escapes]
    return name.elements.flatMap((element) => {
      const property = element.propertyName ?? element.name
      if (element.dotDotDotToken || !(ts.isIdentifier(property) || ts.isStringLiteralLike(property)))
        return [escapes]
      return this.#useOfMember(kind, property.text, element)
    })
  }

  /** `node` is the access `c.name`, or the element of a pattern that takes `name` out of `c`. */
  #useOfMember(kind: ContextKind, name: string, node: ts.Expression | ts.BindingElement): ContextUse[] {
    const use = uses[kind][name]
    if (use) return [use]
    if (kind === "context") {
      if (name === "get") return this.#useOfGet(node)
      if (name === "set") return this.#useOfSet(node)
      if (name === "var") return this.#useOfVariables(node)
    }
    if (kind === "request" && name === "valid" && !ts.isBindingElement(node)) return this.#useOfValid(node)
    if (ts.isBindingElement(node)) {
      if (kind === "context" && name === "req")
        return this.#useOfBinding(node.name, "request", this.#typeOf(node.name))
      if (kind === "request" && name === "raw") return this.#useOfBinding(node.name, "raw", undefined)
    }
    return harmless[kind].has(name) ? [] : [escapes]
  }

  #typeOf(node: ts.Node): ts.Type {
    return this.#project.checker.getTypeAtLocation(node)
  }

  /** The request message has what the handler's own type says that its validators leave. */
  #useOfValid(node: ts.Expression): ContextUse[] {
    const target = calledAt(node)?.arguments[0]
    const request = isAccess(node) ? this.#typeOf(node.expression) : undefined
    if (target && request?.symbol?.name === "HonoRequest") {
      const inputs = this.#project.checker.getTypeArguments(request as ts.TypeReference)[1]
      if (ts.isStringLiteralLike(target) && inputs?.getProperty(target.text)) return []
    }
    const what = target ? `\`valid(${target.getText()})\`` : "`valid`"
    return [{ local: `calls ${what}, which the type of its context says nothing of` }]
  }

  #useOfGet(node: ts.Expression | ts.BindingElement): ContextUse[] {
    const needs = { variables: true }
    const call = !ts.isBindingElement(node) && calledAt(node)
    const [key] = call ? call.arguments : []
    if (!call || !key) return [{ needs }]
    const name = ts.isStringLiteralLike(key) ? key.text : key.getText()
    return [{ needs, ...this.#unavailable(name, this.#typeOf(call), call) }]
  }

  #useOfSet(node: ts.Expression | ts.BindingElement): ContextUse[] {
    const call = !ts.isBindingElement(node) && calledAt(node)
    const [key, value] = call ? call.arguments : []
    if (!key || !value) return []
    const reason = notJson(this.#project.checker, this.#typeOf(value), value)
    return reason
      ? [{ local: `sets the context variable ${key.getText()} to ${reason}, which can't leave a function` }]
      : []
  }

  #useOfVariables(node: ts.Expression | ts.BindingElement): ContextUse[] {
    const needs = { variables: true }
    if (!ts.isBindingElement(node) && isAccess(node.parent) && node.parent.expression === node) {
      const name = accessedName(node.parent)
      return name === undefined
        ? [{ needs }]
        : [{ needs, ...this.#unavailable(name, this.#typeOf(node.parent), node.parent) }]
    }
    const pattern = ts.isBindingElement(node)
      ? node.name
      : ts.isVariableDeclaration(node.parent) && node.parent.initializer === node
        ? node.parent.name
        : undefined
    if (pattern && ts.isObjectBindingPattern(pattern))
      return pattern.elements.map((element) => {
        const property = element.propertyName ?? element.name
        const type = this.#typeOf(element.name)
        const name = ts.isIdentifier(property) ? property.text : property.getText()
        return { needs, ...this.#unavailable(name, type, element.name) }
      })
    const reason = notJson(this.#project.checker, this.#typeOf(node), node)
    return [
      reason
        ? { needs, local: `reads all context variables, among them ${reason}, which can't leave the gateway` }
        : { needs },
    ]
  }

  /** Whether the context variable `name`, which the handler reads at `node`, can't leave the gateway. */
  #unavailable(name: string, type: ts.Type, node: ts.Node): ContextUse {
    const { checker } = this.#project
    const values = type.flags & ts.TypeFlags.Any ? (this.#state.assignedVariables.get(name) ?? []) : []
    const reason = [type, ...values.map((value) => this.#typeOf(value))]
      .map((candidate) => notJson(checker, candidate, node))
      .find((found) => found !== undefined)
    if (reason)
      return { local: `reads the context variable \`${name}\`, ${reason}, which can't leave the gateway` }
    if (type.flags & ts.TypeFlags.Any && this.#isCalled(node))
      return { local: `calls a method of the context variable \`${name}\`, which can't leave the gateway` }
    return {}
  }

  /** Whether the value at `node`, or of the variable that takes it, is used as only a class's would be. */
  #isCalled(node: ts.Node): boolean {
    if (isCalled(node)) return true
    const declaration = node.parent
    const name =
      (ts.isVariableDeclaration(declaration) || ts.isBindingElement(declaration)) &&
      ts.isIdentifier(declaration.name)
        ? declaration.name
        : undefined
    const symbol = name && this.#project.ownSymbol(name)
    return symbol !== undefined && (this.#state.references.get(symbol) ?? []).some(isCalled)
  }

  /** Whether the function that gets `argument` is one whose use of it is seen. */
  #isUnderstood(
    call: ts.CallExpression | ts.NewExpression,
    argument: ts.Expression,
    kind: ContextKind,
  ): boolean {
    const callee = unwrap(call.expression)
    const position = call.arguments?.indexOf(argument) ?? -1
    const functions = this.#state.roots.callees(callee)
    if (functions.length > 0)
      return functions.every((fn) => {
        const parameter = fn.parameters[position]
        return (
          parameter !== undefined && !parameter.dotDotDotToken && this.kindOfParameter(parameter) === kind
        )
      })
    // What Hono's own helpers need is known, and added where they are named.
    const resolved = ts.isIdentifier(callee) ? this.#project.resolve(callee) : undefined
    return resolved?.kind === "external" && honoHelper(resolved.module, resolved.name) !== undefined
  }

  /** Whether the property that takes the value in is typed as what it is, so that its use is seen. */
  #keepsType(property: ts.PropertyAssignment | ts.ShorthandPropertyAssignment, kind: ContextKind): boolean {
    const { checker } = this.#project
    const expected = checker.getContextualType(property.parent)
    if (!expected) return kind !== "raw"
    const symbol = expected.getProperty(property.name.getText())
    return (
      symbol !== undefined && this.#kindOfType(checker.getTypeOfSymbolAtLocation(symbol, property)) === kind
    )
  }
}

/** The call whose callee `node` is. */
function calledAt(node: ts.Expression): ts.CallExpression | undefined {
  return ts.isCallExpression(node.parent) && node.parent.expression === node ? node.parent : undefined
}

/** Methods that what JSON can hold has. */
const dataMethods: ReadonlySet<string> = new Set(
  [String.prototype, Array.prototype, Number.prototype, Object.prototype].flatMap((prototype) =>
    Object.getOwnPropertyNames(prototype),
  ),
)

/** Whether the value at `node`, or a member of it that only a class would have, is called. */
function isCalled(node: ts.Node): boolean {
  let value = node
  while (ts.isNonNullExpression(value.parent) || ts.isParenthesizedExpression(value.parent))
    value = value.parent
  const { parent } = value
  if (ts.isCallExpression(parent) && parent.expression === value) return true
  if (!ts.isPropertyAccessExpression(parent) || parent.expression !== value) return false
  return ts.isCallExpression(parent.parent) && parent.parent.expression === parent
    ? !dataMethods.has(parent.name.text)
    : isCalled(parent)
}

function isComparison(operator: ts.SyntaxKind): boolean {
  return (
    operator === ts.SyntaxKind.EqualsEqualsEqualsToken ||
    operator === ts.SyntaxKind.ExclamationEqualsEqualsToken ||
    operator === ts.SyntaxKind.EqualsEqualsToken ||
    operator === ts.SyntaxKind.ExclamationEqualsToken ||
    operator === ts.SyntaxKind.InstanceOfKeyword
  )
}
