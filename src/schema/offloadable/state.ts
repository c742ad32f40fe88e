import ts from "typescript"
import type { Project } from "./project.ts"
import { argumentsAt, isMethod, isPart, parameterOf, type Root, Roots, visitAll } from "./roots.ts"
import {
  accessedName,
  type FunctionNode,
  isAccess,
  isAssignment,
  isFunctionNode,
  isTypeOnly,
  isValueReference,
  propertyName,
  scopeOf,
  unwrap,
} from "./syntax.ts"

/** What running a function does to what it is given. */
interface Effects {
  /** It changes its `this`. */
  self: boolean
  /** Parameters that it changes. */
  parameters: Map<number, ParameterChange>
}

/** How a function changes what a parameter is. */
interface ParameterChange {
  /** A function that it leaves behind may do so later. */
  deferred: boolean
  /** It changes something that the parameter holds. */
  deep: boolean
}

/** A place that changes a value. */
interface Change {
  readonly root: Root
  /** It may happen after the place has run. */
  readonly deferred: boolean
}

/** Methods of the language's mutable objects that change them. */
const mutators: ReadonlySet<string> = new Set(
  (
    "push pop shift unshift splice sort reverse fill copyWithin set add delete clear append next abort " +
    "getOrInsert getOrInsertComputed addEventListener removeEventListener dispatchEvent resize " +
    "setDate setFullYear setHours setMilliseconds setMinutes setMonth setSeconds setTime setYear " +
    "setUTCDate setUTCFullYear setUTCHours setUTCMilliseconds setUTCMinutes setUTCMonth setUTCSeconds " +
    "setInt8 setInt16 setInt32 setUint8 setUint16 setUint32 setFloat32 setFloat64 setBigInt64 setBigUint64"
  ).split(" "),
)

/** Methods that mostly change what they are called on, when the code is a package's. */
const packageMutators: ReadonlySet<string> = new Set(
  (
    "set delete clear push pop shift unshift enqueue dequeue insert update upsert save put remove create " +
    "emit on once off subscribe unsubscribe increment decrement incr decr reset next publish acquire release"
  ).split(" "),
)

/** Functions that change their first argument. */
const argumentMutators: ReadonlySet<string> = new Set(
  (
    "Object.assign Object.defineProperty Object.defineProperties Object.setPrototypeOf Reflect.set " +
    "Reflect.deleteProperty Reflect.defineProperty crypto.getRandomValues"
  ).split(" "),
)

/** Functions of packages that change their first argument, by name. */
const packageArgumentMutators: ReadonlySet<string> = new Set(
  "set unset merge mergeWith assign assignIn defaults defaultsDeep extend pull pullAll remove update".split(
    " ",
  ),
)

/**
 * Which variables change after the app has started, and where. All requests share them when the app runs
 * in one process; a function starts each request with what they were at build time.
 */
export class State {
  readonly roots: Roots
  /** References to each of the project's symbols. */
  readonly references = new Map<ts.Symbol, ts.Identifier[]>()
  /** Methods of classes and object literals, by name. */
  readonly members = new Map<string, FunctionNode[]>()
  /** What is passed to `set` under each literal name: context variables among them. */
  readonly assignedVariables = new Map<string, ts.Expression[]>()
  /** What is passed to `onError`. */
  readonly errorHandlers: ts.CallExpression[] = []
  readonly #reads: ts.PropertyAccessExpression[] = []
  readonly #accessors = new Set<string>()
  readonly #project: Project
  readonly #assigned = new Map<ts.Symbol, ts.Expression[]>()
  readonly #effects = new Map<FunctionNode, Effects>()
  readonly #early = new Map<ts.Symbol, ts.Node[]>()
  readonly #late = new Map<ts.Symbol, ts.Node[]>()
  readonly #initial = new Map<ts.Node, boolean>()

  constructor(project: Project) {
    this.#project = project
    this.roots = new Roots(project, this.#assigned, this.members)
    const sites = project.files.flatMap((file) => this.#index(file))
    // Reading a property may run code, if it has an accessor.
    sites.push(...this.#reads.filter((read) => this.#accessors.has(read.name.text)))
    this.#summarise(sites)
    for (const site of sites) this.#record(site)
  }

  /** Where `symbol`, or what it holds, is changed after the app has started. */
  changesOf(symbol: ts.Symbol): readonly ts.Node[] {
    const changes = this.#late.get(symbol) ?? []
    return changes.length > 0 && isPrimitiveConstant(symbol, this.#project) ? [] : changes
  }

  /** Where `symbol`, or what it holds, is changed while the app starts, beside its declaration. */
  preparationOf(symbol: ts.Symbol): readonly ts.Node[] {
    return this.#early.get(symbol) ?? []
  }

  /** The calls, or `new`s, of what `symbol` names. */
  callsOf(symbol: ts.Symbol): readonly (ts.CallExpression | ts.NewExpression)[] {
    return (this.references.get(symbol) ?? []).map(callOf).filter((call) => call !== undefined)
  }

  /**
   * Whether the code whose scope is `scope` runs while the app starts, among others: it is one of `started`,
   * or called by such code.
   */
  runsAtStart(scope: ts.Node, started: ReadonlySet<ts.Node>, seen = new Set<ts.Node>()): boolean {
    if (ts.isSourceFile(scope) || started.has(scope)) return true
    if (ts.isConstructorDeclaration(scope)) return this.runsAtStart(scope.parent, started, seen)
    if (seen.has(scope)) return false
    seen.add(scope)
    const symbol = symbolOf(scope, this.#project)
    return (
      symbol !== undefined &&
      this.callsOf(symbol).some((call) => this.runsAtStart(scopeOf(call), started, seen))
    )
  }

  /** Collects what the rest needs, and returns the places that may change something. */
  #index(file: ts.SourceFile): ts.Node[] {
    const sites: ts.Node[] = []
    visitAll(file, (node) => {
      if (isTypeOnly(node) || ts.isImportDeclaration(node)) return false
      if (ts.isIdentifier(node)) {
        if (!isValueReference(node)) return
        const symbol = this.#project.ownSymbol(node)
        if (symbol) push(this.references, symbol, node)
      } else if (ts.isCallExpression(node)) {
        sites.push(node)
        if (!ts.isPropertyAccessExpression(node.expression)) return
        const [first, second] = node.arguments
        const name = node.expression.name.text
        if (name === "set" && first && second && ts.isStringLiteralLike(first))
          push(this.assignedVariables, first.text, second)
        else if (name === "onError" && first) this.errorHandlers.push(node)
      } else if (ts.isBinaryExpression(node)) {
        if (!isAssignment(node)) return
        sites.push(node)
        const symbol = ts.isIdentifier(node.left) && this.#project.ownSymbol(node.left)
        if (symbol) push(this.#assigned, symbol, node.right)
      } else if (
        ts.isNewExpression(node) ||
        ts.isPrefixUnaryExpression(node) ||
        ts.isPostfixUnaryExpression(node) ||
        ts.isDeleteExpression(node) ||
        ts.isForOfStatement(node) ||
        ts.isForInStatement(node)
      ) {
        sites.push(node)
      } else if (
        ts.isMethodDeclaration(node) ||
        ts.isPropertyAssignment(node) ||
        ts.isPropertyDeclaration(node) ||
        ts.isAccessor(node)
      ) {
        const name = propertyName(node.name)
        const value = "initializer" in node ? node.initializer && unwrap(node.initializer) : node
        if (name === undefined || !value || !isFunctionNode(value)) return
        push(this.members, name, value)
        if (ts.isAccessor(node)) this.#accessors.add(name)
      } else if (ts.isPropertyAccessExpression(node)) {
        this.#reads.push(node)
      }
    })
    return sites
  }

  /** Finds what each function does to its parameters and `this`, through all that it calls. */
  #summarise(sites: readonly ts.Node[]): void {
    for (let changed = true; changed; ) {
      changed = false
      for (const site of sites) {
        for (const { root, deferred } of this.#changes(site)) {
          if (root.fresh > 0) continue
          if (isMethod(root.base)) {
            const effects = this.#effectsOf(root.base)
            changed ||= !effects.self
            effects.self = true
            continue
          }
          const parameter = root.base.valueDeclaration && parameterDeclaration(root.base.valueDeclaration)
          const fn = parameter?.parent
          const position = fn && isFunctionNode(fn) ? parameterOf(root.base, fn) : undefined
          if (!fn || !isFunctionNode(fn) || position === undefined) continue
          // Assigning to the parameter itself does nothing to the argument.
          if (isReplaced(site, root.base, this.#project)) continue
          const { parameters } = this.#effectsOf(fn)
          const later = deferred || scopeOf(site) !== scopeOf(parameter!)
          const deep = root.deep || isPart(root.base)
          const known = parameters.get(position)
          if (known && (known.deferred || !later) && (known.deep || !deep)) continue
          parameters.set(position, {
            deferred: later || (known?.deferred ?? false),
            deep: deep || (known?.deep ?? false),
          })
          changed = true
        }
      }
    }
  }

  #effectsOf(fn: FunctionNode): Effects {
    let effects = this.#effects.get(fn)
    if (!effects) {
      effects = { self: false, parameters: new Map() }
      this.#effects.set(fn, effects)
    }
    return effects
  }

  #record(site: ts.Node): void {
    for (const { root, deferred } of this.#changes(site)) {
      if (root.fresh > 0 || isMethod(root.base)) continue
      const declaration = root.base.valueDeclaration
      if (!declaration) continue
      const scope = scopeOf(site)
      const owner = scopeOf(declaration)
      const local = scope === owner
      if (local && !ts.isSourceFile(owner) && !deferred) {
        push(this.#early, root.base, site)
        continue
      }
      push(!deferred && (local || this.isInitial(scope)) ? this.#early : this.#late, root.base, site)
    }
  }

  /** What runs at `site` changes. */
  #changes(site: ts.Node): Change[] {
    if (ts.isBinaryExpression(site)) return this.#targets(site.left).map(now)
    if (ts.isPrefixUnaryExpression(site) || ts.isPostfixUnaryExpression(site)) {
      const { operator } = site
      return operator === ts.SyntaxKind.PlusPlusToken || operator === ts.SyntaxKind.MinusMinusToken
        ? this.#targets(site.operand).map(now)
        : []
    }
    if (ts.isDeleteExpression(site)) return this.#targets(site.expression).map(now)
    if (ts.isForOfStatement(site) || ts.isForInStatement(site))
      return ts.isVariableDeclarationList(site.initializer) ? [] : this.#targets(site.initializer).map(now)
    if (ts.isCallExpression(site) || ts.isNewExpression(site)) return this.#changesOfCall(site)
    if (ts.isPropertyAccessExpression(site))
      return this.#accessorsOf(site).flatMap((fn) => this.#changesBy(fn, [], site.expression))
    return []
  }

  #accessorsOf(read: ts.PropertyAccessExpression): FunctionNode[] {
    const declarations = this.#project.checker.getSymbolAtLocation(read.name)?.declarations ?? []
    return declarations.filter((node) => ts.isAccessor(node)).filter(isFunctionNode) as FunctionNode[]
  }

  /** What an assignment to `target` changes. */
  #targets(target: ts.Expression): Root[] {
    const node = unwrap(target)
    if (ts.isIdentifier(node)) {
      const symbol = this.#project.ownSymbol(node)
      return symbol ? [{ base: symbol, fresh: 0, deep: false }] : []
    }
    if (isAccess(node)) return [...this.roots.of(node.expression)]
    if (ts.isArrayLiteralExpression(node))
      return node.elements.flatMap((element) =>
        this.#targets(ts.isSpreadElement(element) ? element.expression : element),
      )
    if (ts.isObjectLiteralExpression(node))
      return node.properties.flatMap((property) => {
        if (ts.isPropertyAssignment(property)) return this.#targets(property.initializer)
        if (ts.isSpreadAssignment(property)) return this.#targets(property.expression)
        if (!ts.isShorthandPropertyAssignment(property)) return []
        const symbol = this.#project.ownSymbol(property.name)
        return symbol ? [{ base: symbol, fresh: 0, deep: false }] : []
      })
    if (ts.isBinaryExpression(node)) return this.#targets(node.left)
    return []
  }

  #changesOfCall(call: ts.CallExpression | ts.NewExpression): Change[] {
    const callee = unwrap(call.expression)
    const args = call.arguments ?? []
    const receiver = isAccess(callee) && ts.isCallExpression(call) ? callee.expression : undefined
    const changes = [...this.#changesByCallbacks(call), ...this.#changesByReflection(callee, args)]
    const functions = this.roots.callees(callee)
    for (const fn of functions) changes.push(...this.#changesBy(fn, args, receiver))
    if (ts.isNewExpression(call)) return changes
    const [first] = args
    if (ts.isIdentifier(callee)) {
      const resolved = this.#project.resolve(callee)
      if (first && resolved.kind === "external" && packageArgumentMutators.has(resolved.name))
        changes.push(...this.roots.of(first).map(now))
      return changes
    }
    if (!ts.isPropertyAccessExpression(callee)) return changes
    const object = ts.isIdentifier(callee.expression) && this.#project.resolve(callee.expression)
    const name = callee.name.text
    if (object && object.kind !== "own") {
      const mutates =
        object.kind === "global"
          ? argumentMutators.has(`${object.name}.${name}`)
          : packageArgumentMutators.has(name)
      if (first && mutates) changes.push(...this.roots.of(first).map(now))
      return changes
    }
    const isAny = this.#project.checker.getSymbolAtLocation(callee.name) === undefined
    if (functions.length > 0 && !isAny) return changes
    const roots = this.roots.of(callee.expression)
    if (roots.length > 0 && this.#isMutator(callee, call)) changes.push(...roots.map(now))
    return changes
  }

  /** What running `fn` with `args` changes of them and of `receiver`. */
  #changesBy(
    fn: FunctionNode,
    args: readonly ts.Expression[],
    receiver: ts.Expression | undefined,
  ): Change[] {
    const effects = this.#effects.get(fn)
    if (!effects) return []
    const changes = effects.self && receiver ? this.roots.of(receiver).map(now) : []
    for (const [position, { deferred, deep }] of effects.parameters) {
      const isRest = fn.parameters[position]?.dotDotDotToken !== undefined
      for (const argument of argumentsAt(args, position, isRest)) {
        const roots = this.roots.of(argument)
        // What is changed may lie at any depth: as if none of it were new.
        const changed = deep || isRest ? roots.map((root) => ({ ...root, fresh: 0, deep: true })) : roots
        changes.push(...changed.map((root) => ({ root, deferred })))
      }
    }
    return changes
  }

  /** What functions of the project change that `call` is given by name: `orders.forEach(cancel)`. */
  #changesByCallbacks(call: ts.CallExpression | ts.NewExpression): Change[] {
    return (call.arguments ?? []).flatMap((argument, position) => {
      const node = unwrap(argument)
      if (!ts.isIdentifier(node) && !isAccess(node)) return []
      return this.roots
        .callees(node)
        .flatMap((fn) =>
          [...(this.#effects.get(fn)?.parameters ?? [])].flatMap(([index, { deferred }]) =>
            this.roots.ofCallback(call, position, index).map((root) => ({ root, deferred })),
          ),
        )
    })
  }

  /** What `fn.call(...)` and `fn.apply(...)` change. */
  #changesByReflection(callee: ts.Expression, args: readonly ts.Expression[]): Change[] {
    const name = accessedName(callee)
    if (!isAccess(callee) || (name !== "call" && name !== "apply" && name !== "bind")) return []
    const [receiver, ...rest] = args
    const changes = this.roots.callees(callee.expression).flatMap((fn) =>
      name === "apply"
        ? this.#changesBy(
            fn,
            rest.map((list) => ts.factory.createSpreadElement(list)),
            receiver,
          )
        : this.#changesBy(fn, rest, receiver),
    )
    // `Array.prototype.push.call(list, x)`
    const method = accessedName(unwrap(callee.expression))
    if (method !== undefined && mutators.has(method) && receiver)
      changes.push(...this.roots.of(receiver).map(now))
    return changes
  }

  /** Whether a method that isn't the project's own changes what it is called on. */
  #isMutator(callee: ts.PropertyAccessExpression, call: ts.CallExpression): boolean {
    const { checker } = this.#project
    const name = callee.name.text
    const symbol = checker.getSymbolAtLocation(callee.name)
    if (!symbol || this.#project.isOfLanguage(symbol)) return mutators.has(name)
    if (packageMutators.has(name)) return true
    // Of `add` and the like, one that gives back `this` changes it; one that gives back another value doesn't.
    const declaration = checker.getResolvedSignature(call)?.declaration
    if (mutators.has(name) && declaration?.type?.kind === ts.SyntaxKind.ThisType) return true
    const result = checker.getTypeAtLocation(call)
    return (result.flags & (ts.TypeFlags.Void | ts.TypeFlags.Undefined)) !== 0
  }

  /** Whether the code whose scope is `scope` runs only while the app starts. */
  isInitial(scope: ts.Node): boolean {
    let initial = this.#initial.get(scope)
    if (initial === undefined) {
      initial = this.#isCalledOnlyAtStart(scope, new Set())
      this.#initial.set(scope, initial)
    }
    return initial
  }

  /** @param seen what is already being asked: recursion alone does not make a function run later */
  #isCalledOnlyAtStart(scope: ts.Node, seen: Set<ts.Node>): boolean {
    if (ts.isSourceFile(scope) || seen.has(scope)) return true
    seen.add(scope)
    const symbol = symbolOf(scope, this.#project)
    const references = symbol && this.references.get(symbol)
    if (!references) return false
    return references.every((reference) => {
      const call = callOf(reference)
      return call !== undefined && this.#isCalledOnlyAtStart(scopeOf(call), seen)
    })
  }
}

function now(root: Root): Change {
  return { root, deferred: false }
}

/** The call whose callee `reference` is. */
function callOf(reference: ts.Identifier): ts.CallExpression | ts.NewExpression | undefined {
  const { parent } = reference
  return (ts.isCallExpression(parent) || ts.isNewExpression(parent)) && parent.expression === reference
    ? parent
    : undefined
}

/** The symbol by which a function or class is called. */
export function symbolOf(scope: ts.Node, project: Project): ts.Symbol | undefined {
  if (ts.isConstructorDeclaration(scope)) return symbolOf(scope.parent, project)
  if ((ts.isFunctionDeclaration(scope) || ts.isClassDeclaration(scope)) && scope.name)
    return project.ownSymbol(scope.name)
  const { parent } = scope
  return ts.isVariableDeclaration(parent) && ts.isIdentifier(parent.name)
    ? project.ownSymbol(parent.name)
    : undefined
}

/** Whether it always is the same number, text or the like: what it is given to can't change it. */
function isPrimitiveConstant(symbol: ts.Symbol, { checker }: Project): boolean {
  const declaration = symbol.valueDeclaration
  if (!declaration || !ts.isVariableDeclaration(declaration)) return false
  if (!(declaration.parent.flags & ts.NodeFlags.Const)) return false
  const type = checker.getTypeOfSymbolAtLocation(symbol, declaration)
  const primitive =
    ts.TypeFlags.StringLike | ts.TypeFlags.NumberLike | ts.TypeFlags.BooleanLike | ts.TypeFlags.BigIntLike
  return (type.isUnion() ? type.types : [type]).every(({ flags }) => (flags & primitive) !== 0)
}

function parameterDeclaration(declaration: ts.Declaration): ts.ParameterDeclaration | undefined {
  let node: ts.Node = declaration
  while (ts.isBindingElement(node)) node = node.parent.parent
  return ts.isParameter(node) ? node : undefined
}

/** Whether `site` gives the variable `symbol` another value, rather than changing the one it has. */
function isReplaced(site: ts.Node, symbol: ts.Symbol, project: Project): boolean {
  const target = ts.isBinaryExpression(site)
    ? site.left
    : ts.isPrefixUnaryExpression(site) || ts.isPostfixUnaryExpression(site)
      ? site.operand
      : undefined
  return target !== undefined && ts.isIdentifier(target) && project.ownSymbol(target) === symbol
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key)
  if (list) list.push(value)
  else map.set(key, [value])
}
