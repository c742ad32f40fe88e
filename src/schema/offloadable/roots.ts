import ts from "typescript"
import { mayAlias } from "./alias-types.ts"
import type { Project } from "./project.ts"
import { accessedName, bindingRoot, type FunctionNode, isAccess, isFunctionNode, unwrap } from "./syntax.ts"

/** What a value may be, or be part of: a variable, or (as a function) the `this` of a method. */
export interface Root {
  readonly base: ts.Symbol | FunctionNode
  /**
   * How many levels of the value are new, before what the variable has: changing `[...orders]` (1) leaves
   * `orders` alone, changing `[...orders][0]` (0) doesn't.
   */
  readonly fresh: number
  /** The value is something that the variable holds, not what the variable itself is. */
  readonly deep: boolean
}

/** More levels of new objects than code builds at once. */
const maxFresh = 4

/** Methods of the language whose result is a new container of the same elements. */
const copying: ReadonlySet<string> = new Set(
  (
    "filter slice concat flat toSorted toReversed toSpliced with values keys union intersection " +
    "difference symmetricDifference take drop toArray"
  ).split(" "),
)

/** Functions of the language whose result holds what their argument holds. */
const rewrapping: ReadonlySet<string> = new Set(
  (
    "Object.values Object.groupBy Map.groupBy Array.from Promise.all Promise.allSettled Promise.race " +
    "Promise.any Iterator.from"
  ).split(" "),
)

/** Functions of the language whose result is their argument. */
const passing: ReadonlySet<string> = new Set(
  "Object.assign Object.freeze Object.seal Object.preventExtensions Promise.resolve".split(" "),
)

/** Follows values to the variables that they may be part of. */
export class Roots {
  readonly #project: Project
  readonly #assigned: ReadonlyMap<ts.Symbol, readonly ts.Expression[]>
  readonly #members: ReadonlyMap<string, readonly FunctionNode[]>
  readonly #ofNode = new Map<ts.Node, readonly Root[]>()
  readonly #ofSymbol = new Map<ts.Symbol, readonly Root[]>()
  readonly #ofReturn = new Map<FunctionNode, readonly Root[]>()
  readonly #callees = new Map<ts.Node, readonly FunctionNode[]>()

  /**
   * @param assigned what is assigned to each variable after its declaration
   * @param members methods of the project, by name
   */
  constructor(
    project: Project,
    assigned: ReadonlyMap<ts.Symbol, readonly ts.Expression[]>,
    members: ReadonlyMap<string, readonly FunctionNode[]>,
  ) {
    this.#project = project
    this.#assigned = assigned
    this.#members = members
  }

  /** The roots of the value of `expression`. */
  of(expression: ts.Expression): readonly Root[] {
    const node = unwrap(expression)
    return memo(this.#ofNode, node, () => this.#find(node))
  }

  /** The roots of the value of the variable `symbol`: itself, and what it was made from. */
  ofSymbol(symbol: ts.Symbol): readonly Root[] {
    return memo(this.#ofSymbol, symbol, () => {
      const roots: Root[] = [{ base: symbol, fresh: 0, deep: false }]
      const declaration = symbol.valueDeclaration
      if (!declaration) return roots
      for (const value of this.#assigned.get(symbol) ?? []) roots.push(...this.of(value))
      if (ts.isVariableDeclaration(declaration) || ts.isParameter(declaration))
        roots.push(...this.#ofDeclaration(declaration))
      else if (ts.isBindingElement(declaration)) {
        const outer = this.#ofDeclaration(bindingRoot(declaration))
        roots.push(...(declaration.dotDotDotToken ? copies(outer) : elements(outer)))
        if (declaration.initializer) roots.push(...this.of(declaration.initializer))
      }
      return unique(roots)
    })
  }

  /** The project's functions that `callee(...)` may run. */
  callees(callee: ts.Expression): readonly FunctionNode[] {
    const node = unwrap(callee)
    return memo(this.#callees, node, () => {
      if (isFunctionNode(node)) return [node]
      if (node.kind === ts.SyntaxKind.SuperKeyword)
        return this.#constructors(this.#project.checker.getSymbolAtLocation(node))
      if (ts.isIdentifier(node)) {
        const symbol = this.#project.ownSymbol(node)
        return symbol ? [...this.#functions(symbol), ...this.#constructors(symbol)] : []
      }
      if (ts.isPropertyAccessExpression(node)) {
        const symbol = this.#project.checker.getSymbolAtLocation(node.name)
        if (!symbol) return this.#members.get(node.name.text) ?? []
        const resolved = this.#project.resolveSymbol(symbol, node.name.text)
        if (resolved.kind !== "own") return []
        const found = [...this.#functions(resolved.symbol), ...this.#constructors(resolved.symbol)]
        // Declared in an interface, or abstract: any method of that name.
        return found.length > 0 ? found : (this.#members.get(node.name.text) ?? [])
      }
      return []
    })
  }

  #functions(symbol: ts.Symbol): FunctionNode[] {
    const found: FunctionNode[] = []
    for (const declaration of symbol.declarations ?? []) {
      if (isFunctionNode(declaration)) found.push(declaration)
      else if (
        ts.isVariableDeclaration(declaration) ||
        ts.isPropertyAssignment(declaration) ||
        ts.isPropertyDeclaration(declaration)
      ) {
        const value = declaration.initializer && unwrap(declaration.initializer)
        if (value && isFunctionNode(value)) found.push(value)
        else if (value && ts.isIdentifier(value)) found.push(...this.callees(value))
      } else if (ts.isShorthandPropertyAssignment(declaration)) {
        found.push(...this.callees(declaration.name))
      }
    }
    return found
  }

  #constructors(symbol: ts.Symbol | undefined): FunctionNode[] {
    const declaration = symbol?.declarations?.find(ts.isClassLike)
    return (
      (declaration?.members.filter(
        (member) => ts.isConstructorDeclaration(member) && isFunctionNode(member),
      ) as FunctionNode[] | undefined) ?? []
    )
  }

  #ofDeclaration(declaration: ts.VariableDeclaration | ts.ParameterDeclaration): readonly Root[] {
    if (ts.isParameter(declaration)) return this.#ofParameter(declaration)
    const list = declaration.parent
    if (ts.isVariableDeclarationList(list) && ts.isForOfStatement(list.parent))
      return elements(this.of(list.parent.expression))
    return declaration.initializer ? this.of(declaration.initializer) : []
  }

  #ofParameter(parameter: ts.ParameterDeclaration): readonly Root[] {
    const roots: Root[] = parameter.initializer ? [...this.of(parameter.initializer)] : []
    const fn = parameter.parent
    // A pattern has no symbol of its own: its elements stand for the parameter, see `ofSymbol`.
    let outer: ts.Node = fn
    while (ts.isParenthesizedExpression(outer.parent)) outer = outer.parent
    const call = outer.parent
    if (!isFunctionNode(fn) || !ts.isCallExpression(call)) return roots
    const index = fn.parameters.indexOf(parameter)
    if (call.expression === outer) {
      const argument = call.arguments[index]
      return argument ? [...roots, ...this.of(argument)] : roots
    }
    return [...roots, ...this.ofCallback(call, call.arguments.indexOf(outer as ts.Expression), index)]
  }

  /** The roots of what `call` passes, as parameter `index`, to the function that is its argument `position`. */
  ofCallback(call: ts.CallExpression | ts.NewExpression, position: number, index: number): readonly Root[] {
    const callee = unwrap(call.expression)
    const args = call.arguments ?? []
    const own = this.callees(callee)
    if (own.length > 0) return own.flatMap((fn) => this.#ofCallbackIn(fn, args, position, index))
    const name = accessedName(callee)
    if (name?.startsWith("reduce") && index === 0 && args[1]) return this.of(args[1])
    // Nothing is known about it: it may be part of all that the call is given.
    const sources = args.filter((_, other) => other !== position)
    if (isAccess(callee)) sources.push(callee.expression)
    return sources.flatMap((source) => elements(this.of(source)))
  }

  /** The same where the callee is `fn`, which gets `args`: what it calls its parameter with. */
  #ofCallbackIn(
    fn: FunctionNode,
    args: readonly ts.Expression[],
    position: number,
    index: number,
  ): readonly Root[] {
    const name = fn.parameters[position]?.name
    if (!name) return []
    const everything = args.filter((_, other) => other !== position).flatMap((arg) => elements(this.of(arg)))
    const symbol = ts.isIdentifier(name) && this.#project.ownSymbol(name)
    if (!symbol) return everything
    const roots: Root[] = []
    let passedOn = false
    visitAll(fn.body, (node) => {
      if (!ts.isIdentifier(node) || node.text !== symbol.name || this.#project.ownSymbol(node) !== symbol)
        return
      const { parent } = node
      if (!ts.isCallExpression(parent) || parent.expression !== node) passedOn = true
      else if (parent.arguments[index]) roots.push(...this.of(parent.arguments[index]))
    })
    const given = roots.flatMap((root) => this.#substituted(root, fn, args, undefined))
    return passedOn ? [...given, ...everything] : given
  }

  #find(node: ts.Expression): readonly Root[] {
    if (ts.isIdentifier(node)) {
      const symbol = this.#project.ownSymbol(node)
      return symbol ? this.ofSymbol(symbol) : []
    }
    if (node.kind === ts.SyntaxKind.ThisKeyword || node.kind === ts.SyntaxKind.SuperKeyword) {
      const method = methodOf(node)
      return method ? [{ base: method, fresh: 0, deep: false }] : []
    }
    if (isAccess(node)) {
      if (ts.isPropertyAccessExpression(node)) {
        const symbol = this.#project.checker.getSymbolAtLocation(node.name)
        const resolved = symbol && this.#project.resolveSymbol(symbol, node.name.text)
        // `module.variable`, through a namespace import.
        if (resolved?.kind === "own" && resolved.symbol.flags & ts.SymbolFlags.Variable)
          return this.ofSymbol(resolved.symbol)
      }
      const roots = elements(this.of(node.expression))
      return this.#unlessPrimitive(node, roots)
    }
    if (ts.isCallExpression(node)) return this.#unlessPrimitive(node, this.#ofCall(node))
    if (ts.isNewExpression(node)) {
      const roots = (node.arguments ?? []).flatMap((argument) => this.of(argument))
      // An instance of a class of the project may keep its arguments, and change them.
      return unique(this.#isOwnClass(node.expression) ? roots : copies(roots))
    }
    if (ts.isObjectLiteralExpression(node)) {
      const roots: Root[] = []
      for (const property of node.properties) {
        if (ts.isPropertyAssignment(property)) roots.push(...wrapped(this.of(property.initializer)))
        else if (ts.isSpreadAssignment(property)) roots.push(...copies(this.of(property.expression)))
        else if (ts.isShorthandPropertyAssignment(property)) roots.push(...wrapped(this.of(property.name)))
      }
      return unique(roots)
    }
    if (ts.isArrayLiteralExpression(node))
      return unique(
        node.elements.flatMap((element) =>
          ts.isSpreadElement(element) ? copies(this.of(element.expression)) : wrapped(this.of(element)),
        ),
      )
    if (ts.isAwaitExpression(node)) return this.of(node.expression)
    if (ts.isSpreadElement(node)) return elements(this.of(node.expression))
    if (ts.isConditionalExpression(node))
      return unique([...this.of(node.whenTrue), ...this.of(node.whenFalse)])
    if (ts.isBinaryExpression(node)) {
      switch (node.operatorToken.kind) {
        case ts.SyntaxKind.BarBarToken:
        case ts.SyntaxKind.QuestionQuestionToken:
        case ts.SyntaxKind.AmpersandAmpersandToken:
        case ts.SyntaxKind.BarBarEqualsToken:
        case ts.SyntaxKind.QuestionQuestionEqualsToken:
          return unique([...this.of(node.left), ...this.of(node.right)])
        case ts.SyntaxKind.EqualsToken:
        case ts.SyntaxKind.CommaToken:
          return this.of(node.right)
      }
    }
    return []
  }

  #ofCall(call: ts.CallExpression): readonly Root[] {
    const callee = unwrap(call.expression)
    const own = this.callees(callee)
    if (own.length > 0) {
      const receiver = isAccess(callee) ? callee.expression : undefined
      return unique(own.flatMap((fn) => this.#ofResult(fn, call.arguments, receiver)))
    }
    const global = this.#globalFunction(callee)
    const first = call.arguments[0]
    if (global) {
      if (!first) return []
      if (passing.has(global)) return this.of(first)
      if (global === "Object.entries") return wrapped(copies(this.of(first)))
      if (global === "Object.fromEntries") return copies(elements(this.of(first)))
      return rewrapping.has(global)
        ? unique(copies(call.arguments.flatMap((argument) => this.of(argument))))
        : []
    }
    if (isAccess(callee)) {
      const symbol = this.#project.checker.getSymbolAtLocation(
        ts.isPropertyAccessExpression(callee) ? callee.name : callee.argumentExpression,
      )
      if (symbol && !this.#project.isOfLanguage(symbol))
        return this.#ofUnknown(call, [callee.expression, ...call.arguments])
      const receiver = this.of(callee.expression)
      const name = accessedName(callee) ?? ""
      if (name === "map" || name === "flatMap" || name.startsWith("reduce")) {
        const results =
          first && isFunctionNode(unwrap(first)) ? this.#ofReturns(unwrap(first) as FunctionNode) : receiver
        const initial = name.startsWith("reduce") && call.arguments[1] ? this.of(call.arguments[1]) : []
        return unique(name.startsWith("reduce") ? [...results, ...initial] : wrapped(results))
      }
      if (name === "entries") return wrapped(copies(receiver))
      if (copying.has(name)) return copies(receiver)
      // Of `any` nothing is known.
      return symbol
        ? elements(receiver)
        : unique([...elements(receiver), ...this.#ofUnknown(call, call.arguments)])
    }
    return this.#ofUnknown(call, call.arguments)
  }

  /** Roots of what a function of a package gives back, which may be part of one of `sources`. */
  #ofUnknown(call: ts.CallExpression, sources: readonly ts.Expression[]): readonly Root[] {
    const { checker } = this.#project
    const callee = unwrap(call.expression)
    const name = ts.isIdentifier(callee) ? callee.text : accessedName(callee)
    if (name !== undefined && /clone|copy/i.test(name)) return []
    const roots: Root[] = []
    for (const source of sources) {
      const found = this.of(source)
      if (found.length === 0) continue
      if (mayAlias(checker, checker.getTypeAtLocation(call), checker.getTypeAtLocation(source)))
        roots.push(...elements(found))
    }
    return unique(roots)
  }

  /** Roots of what `fn` returns, with its parameters replaced by what it was given. */
  #ofResult(
    fn: FunctionNode,
    args: readonly ts.Expression[],
    receiver: ts.Expression | undefined,
  ): readonly Root[] {
    const roots: Root[] = []
    for (const root of this.#ofReturns(fn)) roots.push(...this.#substituted(root, fn, args, receiver))
    return roots
  }

  /** `root`, found in `fn`, with the parameters and `this` of `fn` replaced by what it was given. */
  #substituted(
    root: Root,
    fn: FunctionNode,
    args: readonly ts.Expression[],
    receiver: ts.Expression | undefined,
  ): readonly Root[] {
    if (isMethod(root.base)) return root.base === fn && receiver ? under(this.of(receiver), root) : []
    const position = parameterOf(root.base, fn)
    if (position === undefined) return [root]
    const isRest = fn.parameters[position]?.dotDotDotToken !== undefined
    const seen = isPart(root.base) ? { ...root, deep: true } : root
    return argumentsAt(args, position, isRest).flatMap((argument) => under(this.of(argument), seen))
  }

  #ofReturns(fn: FunctionNode): readonly Root[] {
    return memo(this.#ofReturn, fn, () => {
      if (ts.isExpression(fn.body)) return this.of(fn.body)
      const roots: Root[] = []
      visitAll(fn.body, (node) => {
        if (ts.isReturnStatement(node) && node.expression) roots.push(...this.of(node.expression))
        return !isFunctionNode(node)
      })
      return unique(roots)
    })
  }

  /** `Object.assign` and the like, as text; undefined if `callee` is no function of a global. */
  #globalFunction(callee: ts.Expression): string | undefined {
    if (ts.isIdentifier(callee)) {
      const resolved = this.#project.resolve(callee)
      return resolved.kind === "global" ? resolved.name : undefined
    }
    if (!ts.isPropertyAccessExpression(callee) || !ts.isIdentifier(callee.expression)) return undefined
    const resolved = this.#project.resolve(callee.expression)
    return resolved.kind === "global" ? `${resolved.name}.${callee.name.text}` : undefined
  }

  #isOwnClass(expression: ts.Expression): boolean {
    const node = unwrap(expression)
    return ts.isIdentifier(node)
      ? this.#project.resolve(node).kind === "own"
      : !ts.isPropertyAccessExpression(node)
  }

  #unlessPrimitive(node: ts.Expression, roots: readonly Root[]): readonly Root[] {
    return roots.length > 0 && this.#project.isPrimitive(this.#project.checker.getTypeAtLocation(node))
      ? []
      : roots
  }
}

/** The arguments that may become the parameter at `position`. */
export function argumentsAt(
  args: readonly ts.Expression[],
  position: number,
  isRest: boolean,
): readonly ts.Expression[] {
  const spread = args.findIndex((argument) => ts.isSpreadElement(argument))
  // From a spread on, positions are not known.
  if (spread !== -1 && spread <= position) return args.slice(spread)
  return isRest ? args.slice(position) : args.slice(position, position + 1)
}

/** Whether a root stands for the `this` of a method. */
export function isMethod(base: Root["base"]): base is FunctionNode {
  return "kind" in base
}

/** The position of the parameter of `fn` that declares `symbol`, itself or in a pattern. */
export function parameterOf(symbol: ts.Symbol, fn: FunctionNode): number | undefined {
  const declaration = symbol.valueDeclaration
  if (!declaration) return undefined
  const root = ts.isBindingElement(declaration) ? bindingRoot(declaration) : declaration
  return ts.isParameter(root) && root.parent === fn ? fn.parameters.indexOf(root) : undefined
}

/** Whether `symbol` is taken out of a value by a pattern. */
export function isPart(symbol: ts.Symbol): boolean {
  return symbol.valueDeclaration !== undefined && ts.isBindingElement(symbol.valueDeclaration)
}

/** The method that `this` at `node` belongs to; the function itself where a field holds an arrow function. */
function methodOf(node: ts.Node): FunctionNode | undefined {
  let child = node
  for (let outer = node.parent; outer; child = outer, outer = outer.parent) {
    if (ts.isPropertyDeclaration(outer)) return isFunctionNode(child) ? child : undefined
    if (isFunctionNode(outer) && !ts.isArrowFunction(outer)) return outer
    if (ts.isSourceFile(outer) || ts.isClassStaticBlockDeclaration(outer)) return undefined
  }
  return undefined
}

/** Calls `visit` for `node` and all below it; not below a node for which it returns false. */
export function visitAll(node: ts.Node, visit: (node: ts.Node) => unknown): void {
  if (visit(node) === false) return
  ts.forEachChild(node, (child) => visitAll(child, visit))
}

/** What the values with these roots hold. */
function elements(roots: readonly Root[]): readonly Root[] {
  return roots.map((root) => ({
    ...root,
    fresh: Math.max(root.fresh - 1, 0),
    deep: root.deep || root.fresh === 0,
  }))
}

/** New containers of what the values with these roots hold. */
function copies(roots: readonly Root[]): readonly Root[] {
  return roots.map((root) => (root.fresh > 0 ? root : { ...root, fresh: 1 }))
}

/** New containers of the values with these roots. */
function wrapped(roots: readonly Root[]): readonly Root[] {
  return roots.map((root) => ({ ...root, fresh: Math.min(root.fresh + 1, maxFresh) }))
}

/** `roots`, seen through a root that stands for them. */
function under(roots: readonly Root[], seen: Root): readonly Root[] {
  let seenRoots = seen.deep ? elements(roots) : roots
  for (let level = 0; level < seen.fresh; level++) seenRoots = wrapped(seenRoots)
  return seenRoots
}

function unique(roots: readonly Root[]): readonly Root[] {
  const found: Root[] = []
  for (const root of roots) {
    const known = (other: Root) =>
      other.base === root.base && other.fresh === root.fresh && other.deep === root.deep
    if (!found.some(known)) found.push(root)
  }
  return found
}

/** Computes once. A value that is asked for while it is computed is empty. */
function memo<K, V>(cache: Map<K, readonly V[]>, key: K, compute: () => readonly V[]): readonly V[] {
  const known = cache.get(key)
  if (known) return known
  cache.set(key, [])
  const value = compute()
  cache.set(key, value)
  return value
}
