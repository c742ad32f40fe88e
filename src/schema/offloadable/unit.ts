import ts from "typescript"
import type { RouteNeeds } from "../../manifest.ts"
import type { ContextUse, ContextUses } from "./context.ts"
import { isFrozenMember, isFrozenPackage, localeMember, missingGlobal, missingMember } from "./globals.ts"
import { addNeeds, everything, noNeeds } from "./needs.ts"
import type { PackageCode } from "./package-code.ts"
import type { Project } from "./project.ts"
import { type State, symbolOf } from "./state.ts"
import {
  accessedName,
  type FunctionNode,
  isAccess,
  isAssignment,
  isFunctionNode,
  isTypeOnly,
  isValueReference,
  isWithin,
  propertyName,
  runsInPlace,
  scopeOf,
  unwrap,
} from "./syntax.ts"

/** When code runs: while the app starts (in a function: at build time), or with each request. */
export type Phase = "start" | "request"

/** Something that keeps a handler out of a function. */
interface Finding {
  readonly reason: string
  readonly node: ts.Node
}

/** A variable that code uses, and where. */
export interface Use {
  readonly symbol: ts.Symbol
  readonly node: ts.Node
}

/** Other code that a unit runs, or may run. */
interface Reference {
  readonly node: ts.Node
  readonly phase: Phase
}

/** What a unit of code, such as a function or a variable's initialiser, does by itself. */
export interface UnitFacts {
  readonly findings: Finding[]
  readonly needs: RouteNeeds
  readonly references: Reference[]
  /** Variables from outside. */
  readonly uses: Use[]
  /** Variables of the unit that functions it makes keep. */
  readonly captured: Use[]
}

/** What the walk asks. */
export interface UnitTools {
  readonly project: Project
  readonly state: State
  readonly contexts: ContextUses
  readonly packages: PackageCode
}

/** Members that the language itself calls. */
const implicit: ReadonlySet<string> = new Set(["toJSON", "toString", "valueOf", "then"])

/**
 * Looks at the code of `unit`, without following what it refers to.
 *
 * @param phase when the unit runs; functions that it makes and doesn't call run with requests
 */
export function inspectUnit(tools: UnitTools, unit: ts.Node, phase: Phase): UnitFacts {
  return new Walk(tools, unit).run(phase)
}

class Walk {
  readonly #tools: UnitTools
  readonly #unit: ts.Node
  readonly #facts: UnitFacts = { findings: [], needs: noNeeds(), references: [], uses: [], captured: [] }

  constructor(tools: UnitTools, unit: ts.Node) {
    this.#tools = tools
    this.#unit = unit
  }

  run(phase: Phase): UnitFacts {
    this.#visit(this.#unit, phase)
    return this.#facts
  }

  #find(node: ts.Node, reason: string | undefined): void {
    if (reason) this.#facts.findings.push({ reason, node })
  }

  #refer(node: ts.Node, phase: Phase): void {
    if (!isWithin(node, this.#unit)) this.#facts.references.push({ node, phase })
  }

  #visit(node: ts.Node, phase: Phase): void {
    if (isTypeOnly(node) || ts.isImportDeclaration(node)) return
    if (ts.isFunctionLike(node)) {
      if (!isFunctionNode(node)) return
      for (const parameter of node.parameters) this.#parameter(parameter)
      const inner = node === this.#unit || runsInPlace(node) ? phase : "request"
      ts.forEachChild(node, (child) => this.#visit(child, inner))
      return
    }
    if (ts.isClassLike(node) && node === this.#unit) {
      this.#class(node, phase)
      return
    }
    if (ts.isIdentifier(node)) {
      if (isValueReference(node) && !ts.isTypeOfExpression(node.parent)) this.#identifier(node, phase)
      return
    }
    if (ts.isMetaProperty(node) && node.keywordToken === ts.SyntaxKind.ImportKeyword)
      this.#find(node, "uses `import.meta`, which a function does not have")
    if (isAccess(node)) this.#access(node, phase)
    else if (ts.isCallExpression(node)) this.#call(node, phase)
    else if (ts.isNewExpression(node)) this.#construction(node, phase)
    else if (ts.isObjectBindingPattern(node)) this.#pattern(node, phase)
    else if (ts.isVariableDeclaration(node)) this.#variable(node)
    else if (ts.isBinaryExpression(node)) this.#assignment(node)
    ts.forEachChild(node, (child) => this.#visit(child, phase))
  }

  /** Of a class, what making an instance runs, and what the language calls; methods where they are used. */
  #class(node: ts.ClassLikeDeclaration, phase: Phase): void {
    for (const clause of node.heritageClauses ?? [])
      if (clause.token === ts.SyntaxKind.ExtendsKeyword) this.#visit(clause, phase)
    for (const member of node.members) {
      const name = propertyName(member.name)
      if (
        (ts.isMethodDeclaration(member) || ts.isAccessor(member)) &&
        name !== undefined &&
        !implicit.has(name)
      )
        continue
      if (ts.isConstructorDeclaration(member)) {
        for (const parameter of member.parameters) this.#parameter(parameter)
        ts.forEachChild(member, (child) => this.#visit(child, phase))
      } else this.#visit(member, phase)
    }
  }

  #parameter(parameter: ts.ParameterDeclaration): void {
    const kind = this.#tools.contexts.kindOfParameter(parameter)
    if (!kind) return
    if (parameter.dotDotDotToken) addNeeds(this.#facts.needs, everything)
    else this.#use(parameter, this.#tools.contexts.useOfParameter(parameter.name, kind))
  }

  #use(node: ts.Node, uses: readonly ContextUse[]): void {
    for (const use of uses) {
      this.#find(node, use.local)
      if (use.needs) addNeeds(this.#facts.needs, use.needs)
    }
  }

  #contextUse(node: ts.Expression): void {
    const kind = this.#tools.contexts.kindOf(node)
    if (kind) this.#use(node, this.#tools.contexts.useOf(node, kind))
  }

  #identifier(node: ts.Identifier, phase: Phase): void {
    const { project, packages } = this.#tools
    const resolved = project.resolve(node)
    if (resolved.kind === "global") {
      if (resolved.name === "arguments") addNeeds(this.#facts.needs, everything)
      this.#find(node, missingGlobal(resolved.name))
    } else if (resolved.kind === "external") {
      const { parent } = node
      const isBase = ts.isPropertyAccessExpression(parent) && parent.expression === node
      const name = resolved.name === "*" && isBase ? parent.name.text : resolved.name
      const facts = packages.factsOf(resolved.module, name, resolved.from.fileName)
      this.#find(node, facts.local)
      if (phase === "start" && calleeOf(node) && isFrozenPackage(resolved.module))
        this.#find(node, frozen(name))
      if (facts.needs && calleeOf(node)) addNeeds(this.#facts.needs, facts.needs)
    } else {
      this.#contextUse(node)
      if (isNext(project.checker, node))
        this.#find(node, "uses `next`: what runs after this handler runs in the gateway")
      this.#symbol(resolved.symbol, node, phase)
    }
  }

  /** `node` names `symbol` of the project. */
  #symbol(symbol: ts.Symbol, node: ts.Node, phase: Phase): void {
    const run = calleeOf(node) ? phase : "request"
    for (const declaration of symbol.declarations ?? []) {
      if (ts.isSourceFile(declaration)) {
        const isBase = ts.isPropertyAccessExpression(node.parent) && node.parent.expression === node
        if (declaration.fileName.endsWith(".json")) this.#facts.uses.push({ symbol, node })
        else if (!isBase) this.#module(symbol, node)
      } else if (isWithin(declaration, this.#unit)) {
        if (isVariable(declaration) && scopeOf(declaration) !== scopeOf(node))
          this.#facts.captured.push({ symbol, node })
      } else if (ts.isFunctionDeclaration(declaration) || ts.isClassLike(declaration)) {
        // They may hold state of their own, in static or added properties.
        this.#facts.uses.push({ symbol, node })
        this.#refer(declaration, ts.isExpressionWithTypeArguments(node.parent) ? phase : run)
      } else if (ts.isExportAssignment(declaration)) {
        this.#facts.uses.push({ symbol, node })
        this.#refer(declaration.expression, "start")
      } else if (ts.isModuleDeclaration(declaration)) {
        this.#refer(declaration, "start")
      } else if (isVariable(declaration)) {
        this.#outerVariable(symbol, declaration, node, phase)
      }
    }
  }

  /** All that a module exports may be used. */
  #module(module: ts.Symbol, node: ts.Node): void {
    const { project } = this.#tools
    for (const exported of project.checker.getExportsOfModule(module)) {
      const resolved = project.resolveSymbol(exported, exported.name)
      if (resolved.kind === "own") this.#symbol(resolved.symbol, node, "request")
      else if (resolved.kind === "external")
        this.#find(
          node,
          this.#tools.packages.factsOf(resolved.module, resolved.name, resolved.from.fileName).local,
        )
    }
  }

  #outerVariable(symbol: ts.Symbol, declaration: VariableNode, node: ts.Node, phase: Phase): void {
    const { project, state } = this.#tools
    if (isApp(project.checker, node)) {
      // While the app starts, routes are added to it.
      if (phase === "request" || !isAccess(node.parent))
        this.#find(node, "uses the app itself, which only the gateway runs as a whole")
      return
    }
    this.#facts.uses.push({ symbol, node })
    let root: ts.Node = declaration
    while (ts.isBindingElement(root)) root = root.parent.parent
    if (!ts.isParameter(root)) {
      const value = (root as ts.VariableDeclaration).initializer
      const fn = value && unwrap(value)
      if (fn && isFunctionNode(fn) && calleeOf(node)) this.#refer(fn, phase)
      const loop = root.parent.parent
      if (ts.isForOfStatement(loop) || ts.isForInStatement(loop)) this.#refer(loop.expression, "start")
      else if (!this.#isOnlyBase(root as ts.VariableDeclaration, node)) this.#refer(root, "start")
      return
    }
    // A parameter of a function around the handler: what that function is called with.
    const fn = root.parent
    const position = fn.parameters.indexOf(root)
    const call = runsInPlace(fn) && ts.findAncestor(fn, ts.isCallExpression)
    if (call) {
      for (const argument of call.arguments) if (!isWithin(fn, argument)) this.#refer(argument, "start")
      if (!isWithin(fn, call.expression)) this.#refer(call.expression, "start")
    }
    const name = symbolOf(fn, project)
    for (const call of name ? state.callsOf(name) : []) {
      const argument = call.arguments?.[position]
      if (argument) this.#refer(argument, "start")
    }
  }

  /** Whether `node` is used only to get at a property that is written out where the object is. */
  #isOnlyBase(declaration: ts.VariableDeclaration, node: ts.Node): boolean {
    const value = declaration.initializer && unwrap(declaration.initializer)
    if (!value || !ts.isObjectLiteralExpression(value) || !isAccess(node.parent)) return false
    const property = this.#propertyOf(node.parent)
    return property?.declarations?.every((member) => member.parent === value) ?? false
  }

  #propertyOf(node: ts.PropertyAccessExpression | ts.ElementAccessExpression): ts.Symbol | undefined {
    const { checker } = this.#tools.project
    return ts.isPropertyAccessExpression(node)
      ? checker.getSymbolAtLocation(node.name)
      : checker.getSymbolAtLocation(node.argumentExpression)
  }

  #access(node: ts.PropertyAccessExpression | ts.ElementAccessExpression, phase: Phase): void {
    const { project, state } = this.#tools
    const name = accessedName(node)
    this.#contextUse(node)
    const object = this.#globalName(node.expression)
    if (object !== undefined && name !== undefined) {
      if (object === "globalThis") this.#find(node, missingGlobal(name))
      this.#find(node, missingMember(object, name))
      if (phase === "start" && isFrozenMember(object, name)) this.#find(node, frozen(`${object}.${name}`))
    }
    const symbol = this.#propertyOf(node)
    if (name === undefined) {
      this.#anyMember(node.expression)
      return
    }
    const resolved = symbol && project.resolveSymbol(symbol, name)
    if (resolved?.kind === "own") {
      this.#member(resolved.symbol, node, phase)
    } else {
      // `any` may be one of the project's own objects, unless it comes from elsewhere.
      if (!symbol) for (const member of this.#membersIfShared(node, name)) this.#refer(member, "request")
      this.#find(node, localeMember(name))
      if (symbol && isGlobalVariable(symbol)) this.#find(node, missingGlobal(name))
    }
    if (resolved?.kind === "own" && symbol && isBodiless(resolved.symbol))
      for (const member of state.members.get(name) ?? []) this.#refer(member, "request")
  }

  /** What a pattern takes out of an object of the project may be called, or be read by an accessor. */
  #pattern(pattern: ts.ObjectBindingPattern, phase: Phase): void {
    const { project } = this.#tools
    const type = project.checker.getTypeAtLocation(pattern)
    for (const element of pattern.elements) {
      const name = element.propertyName ?? element.name
      const text = ts.isIdentifier(name) || ts.isStringLiteral(name) ? name.text : undefined
      const property = text === undefined ? undefined : type.getProperty(text)
      const resolved = property && project.resolveSymbol(property, property.name)
      if (resolved?.kind === "own") this.#member(resolved.symbol, element, phase)
    }
  }

  /** `object[key]`, with a key that is not known, may be any member. */
  #anyMember(object: ts.Expression): void {
    const { project } = this.#tools
    for (const property of project.checker.getTypeAtLocation(object).getProperties()) {
      const resolved = project.resolveSymbol(property, property.name)
      if (resolved.kind === "own") this.#member(resolved.symbol, object, "request")
    }
  }

  #membersIfShared(
    node: ts.PropertyAccessExpression | ts.ElementAccessExpression,
    name: string,
  ): readonly FunctionNode[] {
    const members = this.#tools.state.members.get(name) ?? []
    if (members.length === 0) return []
    const roots = this.#tools.state.roots.of(node.expression)
    const shared = roots.some(
      ({ base }) =>
        "kind" in base ||
        !base.valueDeclaration ||
        !isWithin(base.valueDeclaration, this.#unit) ||
        ts.isParameter(base.valueDeclaration),
    )
    return shared ? members : []
  }

  /** `node` reads `symbol`, a property declared in the project. */
  #member(symbol: ts.Symbol, node: ts.Node, phase: Phase): void {
    const run = calleeOf(node) ? phase : "request"
    for (const declaration of symbol.declarations ?? []) {
      if (ts.isMethodDeclaration(declaration) || ts.isAccessor(declaration)) {
        this.#refer(declaration, ts.isAccessor(declaration) ? phase : run)
        const name = propertyName(declaration.name)
        for (const other of (name !== undefined && this.#tools.state.members.get(name)) || [])
          if (this.#overrides(other, declaration)) this.#refer(other, run)
      } else if (ts.isPropertyAssignment(declaration) || ts.isPropertyDeclaration(declaration)) {
        const value = declaration.initializer && unwrap(declaration.initializer)
        if (!value) continue
        if (isFunctionNode(value)) this.#refer(value, run)
        else this.#refer(value, ts.isSourceFile(scopeOf(declaration)) ? "start" : phase)
      } else if (ts.isShorthandPropertyAssignment(declaration)) {
        const resolved = this.#tools.project.resolve(declaration.name)
        if (isWithin(declaration, this.#unit)) continue
        if (resolved.kind === "own") this.#symbol(resolved.symbol, declaration.name, run)
        else this.#refer(declaration, run)
      } else if (
        ts.isFunctionDeclaration(declaration) ||
        ts.isClassLike(declaration) ||
        ts.isExportAssignment(declaration) ||
        ts.isVariableDeclaration(declaration)
      ) {
        this.#symbol(symbol, node, phase)
      }
    }
  }

  #overrides(method: FunctionNode, base: ts.Node): boolean {
    const { checker } = this.#tools.project
    if (!ts.isClassLike(method.parent) || !ts.isClassLike(base.parent) || method.parent === base.parent)
      return false
    const target = base.parent
    const extended = (type: ts.Type): boolean =>
      (type.getBaseTypes() ?? []).some(
        (parent) => parent.symbol?.valueDeclaration === target || extended(parent),
      )
    return extended(checker.getTypeAtLocation(method.parent))
  }

  #globalName(expression: ts.Expression): string | undefined {
    const node = unwrap(expression)
    if (ts.isIdentifier(node)) {
      const resolved = this.#tools.project.resolve(node)
      return resolved.kind === "global" ? resolved.name : undefined
    }
    return isAccess(node) && this.#globalName(node.expression) === "globalThis"
      ? accessedName(node)
      : undefined
  }

  #call(node: ts.CallExpression, phase: Phase): void {
    const { project, packages } = this.#tools
    const [first] = node.arguments
    if (node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      if (!first || !ts.isStringLiteralLike(first)) {
        this.#find(node, "imports a module whose name is not written out")
        return
      }
      const module = project.ownModule(first)
      if (module) this.#module(module, node)
      else this.#find(node, packages.factsOf(first.text, "*", node.getSourceFile().fileName).local)
      return
    }
    const callee = this.#globalName(node.expression)
    if (callee === "Function") this.#find(node, "makes code from a string, which the build can't look into")
    if (callee === "Date" && phase === "start") this.#find(node, frozen("Date"))
    const name = accessedName(unwrap(node.expression))
    if (first && (name === "body" || name === "newResponse") && isAccess(node.expression))
      if (this.#tools.contexts.kindOf(node.expression.expression) === "context") this.#body(first)
  }

  #construction(node: ts.NewExpression, phase: Phase): void {
    const name = this.#globalName(node.expression)
    const [first] = node.arguments ?? []
    if (name === "Function") this.#find(node, "makes code from a string, which the build can't look into")
    if (name === "Date" && !first && phase === "start") this.#find(node, frozen("new Date()"))
    if (name === "Response" && first) this.#body(first)
  }

  /** `body` becomes the body of a response. */
  #body(body: ts.Expression): void {
    const type = this.#tools.project.checker.getTypeAtLocation(body)
    const parts = type.isUnion() ? type.types : [type]
    if (parts.some((part) => part.symbol?.name === "ReadableStream"))
      this.#find(body, "answers with a stream; a function answers in one piece")
  }

  #variable(node: ts.VariableDeclaration): void {
    if (!node.initializer || !ts.isObjectBindingPattern(node.name)) return
    const object = this.#globalName(node.initializer)
    if (object === undefined) return
    for (const element of node.name.elements) {
      const name = element.propertyName ?? element.name
      if (!ts.isIdentifier(name)) continue
      if (object === "globalThis") this.#find(element, missingGlobal(name.text))
      this.#find(element, missingMember(object, name.text))
    }
  }

  #assignment(node: ts.BinaryExpression): void {
    if (!isAssignment(node) || !isAccess(node.left)) return
    if (this.#globalName(node.left.expression) === "globalThis")
      this.#find(node, "changes `globalThis`, which requests share only in the gateway's process")
  }
}

type VariableNode = ts.VariableDeclaration | ts.ParameterDeclaration | ts.BindingElement

function isVariable(node: ts.Node): node is VariableNode {
  return ts.isVariableDeclaration(node) || ts.isParameter(node) || ts.isBindingElement(node)
}

/** Whether the property `symbol` is only declared: in an interface, or abstract. */
function isBodiless(symbol: ts.Symbol): boolean {
  return (symbol.declarations ?? []).every(
    (declaration) =>
      ts.isMethodSignature(declaration) ||
      ts.isPropertySignature(declaration) ||
      (ts.isMethodDeclaration(declaration) && !declaration.body) ||
      (ts.isPropertyDeclaration(declaration) && !declaration.initializer) ||
      ts.isParameter(declaration),
  )
}

/** Whether `symbol` is a global, reached as a property of the global object. */
function isGlobalVariable(symbol: ts.Symbol): boolean {
  const declaration = symbol.valueDeclaration
  if (!declaration || ts.isExternalModule(declaration.getSourceFile())) return false
  return ts.isFunctionDeclaration(declaration)
    ? ts.isSourceFile(declaration.parent)
    : ts.isVariableDeclaration(declaration) && ts.isSourceFile(declaration.parent.parent.parent)
}

function frozen(what: string): string {
  return `keeps a value of \`${what}\` from the start of the app; in a function it would be that of the build for ever`
}

/** The call, `new` or JSX element that runs what `node` names. */
function calleeOf(node: ts.Node): ts.Node | undefined {
  let value = node
  while (ts.isParenthesizedExpression(value.parent) || ts.isNonNullExpression(value.parent))
    value = value.parent
  const { parent } = value
  if ((ts.isCallExpression(parent) || ts.isNewExpression(parent)) && parent.expression === value)
    return parent
  if (ts.isTaggedTemplateExpression(parent) && parent.tag === value) return parent
  return ts.isJsxOpeningLikeElement(parent) && parent.tagName === value ? parent : undefined
}

/** Whether `node` is the `next` of Hono's handlers. */
function isNext(checker: ts.TypeChecker, node: ts.Identifier): boolean {
  const alias = checker.getTypeAtLocation(node).aliasSymbol
  return (
    alias?.name === "Next" && (alias.declarations?.[0]?.getSourceFile().fileName.includes("/hono/") ?? false)
  )
}

/** Whether `node` is a Hono app. */
function isApp(checker: ts.TypeChecker, node: ts.Node): boolean {
  const type = checker.getTypeAtLocation(node)
  return ["fetch", "request", "routes", "basePath", "notFound"].every((name) => type.getProperty(name))
}
