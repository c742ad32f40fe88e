/**
 * Whether a handler can run in a function, and what of the request it reads.
 *
 * @module
 */
import ts from "typescript"
import type { RouteNeeds } from "../manifest.ts"
import { ContextUses } from "./offloadable/context.ts"
import { addNeeds, everything, noNeeds } from "./offloadable/needs.ts"
import { PackageCode } from "./offloadable/package-code.ts"
import { Project } from "./offloadable/project.ts"
import { State } from "./offloadable/state.ts"
import { isFunctionNode, isWithin, scopeOf, unwrap } from "./offloadable/syntax.ts"
import { inspectUnit, type Phase, type UnitFacts, type UnitTools, type Use } from "./offloadable/unit.ts"

/** Why a handler stays in the gateway. */
interface LocalReason {
  /** What it needs that a function can't have, as a clause without subject: "uses `fetch`: ...". */
  reason: string
  /** Where: `file:line`, relative to the folder of the program's configuration. */
  source: string
}

/** What the code of a handler, and all that it can reach, says about it. */
export interface HandlerFacts {
  /** Why it can't run in a function; absent if it can. */
  local?: LocalReason
  /** What it may read of the request beside its validated inputs. */
  needs: RouteNeeds
}

/**
 * Finds whether `handler` can run in a function.
 *
 * It follows the calls and references in the project's own code; code of packages is looked through as a
 * whole. In doubt a route is kept in the gateway, and gets all of the request.
 *
 * Cached per program: the first call looks at all of the project's files, further ones only at what the
 * handler reaches and no other one did.
 */
export function analyseHandler(program: ts.Program, handler: ts.Expression): HandlerFacts {
  let analysis = analyses.get(program)
  if (!analysis) {
    analysis = new Analysis(program)
    analyses.set(program, analysis)
  }
  return analysis.handler(handler)
}

const analyses = new WeakMap<ts.Program, Analysis>()

/** A unit on the way of a walk, and how it was reached. */
interface Visit {
  node: ts.Node
  phase: Phase
  from: Visit | undefined
}

class Analysis {
  readonly #project: Project
  readonly #state: State
  readonly #tools: UnitTools
  readonly #units: Record<Phase, Map<ts.Node, UnitFacts>> = { start: new Map(), request: new Map() }
  #errors: HandlerFacts | undefined

  constructor(program: ts.Program) {
    this.#project = new Project(program)
    this.#state = new State(this.#project)
    this.#tools = {
      project: this.#project,
      state: this.#state,
      contexts: new ContextUses(this.#project, this.#state),
      packages: new PackageCode(),
    }
  }

  handler(expression: ts.Expression): HandlerFacts {
    const facts = this.#follow(this.#lastHandler(expression), 0)
    const errors = this.#errorHandlers()
    addNeeds(facts.needs, errors.needs)
    if (!facts.local && errors.local)
      facts.local = { ...errors.local, reason: `has an \`onError\` that ${errors.local.reason}` }
    return facts
  }

  /** What the app's `onError` needs: it answers where the handler throws. */
  #errorHandlers(): HandlerFacts {
    if (!this.#errors) {
      this.#errors = { needs: noNeeds() }
      for (const call of this.#state.errorHandlers) {
        const facts = this.#follow(call.arguments[0]!, 1)
        addNeeds(this.#errors.needs, facts.needs)
        this.#errors.local ??= facts.local
      }
    }
    return this.#errors
  }

  /** @param position of the context among the parameters */
  #follow(handler: ts.Expression, position: number): HandlerFacts {
    const needs = noNeeds()
    if (!this.#isUnderstood(handler, position)) addNeeds(needs, everything)
    const visited: Record<Phase, Set<ts.Node>> = { start: new Set(), request: new Set() }
    const root: Visit = {
      node: handler,
      phase: isFunctionNode(handler) ? "request" : "start",
      from: undefined,
    }
    const queue = [root]
    visited[root.phase].add(handler)
    const uses: { use: Use; visit: Visit }[] = []
    let local: LocalReason | undefined
    const prepared = new Set<ts.Symbol>()
    const enqueue = (node: ts.Node, phase: Phase, from: Visit): void => {
      if (visited[phase].has(node)) return
      visited[phase].add(node)
      queue.push({ node, phase, from })
    }
    // Breadth first: the reason that is nearest to the handler is the one to name.
    for (let visit = queue[0], next = 1; visit; visit = queue[next++]) {
      const facts = this.#unit(visit.node, visit.phase)
      addNeeds(needs, facts.needs)
      const finding = facts.findings[0]
      if (finding)
        local ??= { reason: finding.reason + way(visit), source: this.#project.place(finding.node) }
      for (const use of facts.uses) {
        uses.push({ use, visit })
        if (prepared.has(use.symbol)) continue
        prepared.add(use.symbol)
        for (const site of this.#state.preparationOf(use.symbol)) enqueue(site, "start", visit)
      }
      if (visit.phase === "start") for (const use of facts.captured) uses.push({ use, visit })
      for (const reference of facts.references) enqueue(reference.node, reference.phase, visit)
    }
    local ??= this.#shared(handler, uses, visited.start)
    return local ? { local, needs } : { needs }
  }

  /** The first variable among `uses` that requests share and that one of them changes. */
  #shared(
    handler: ts.Expression,
    uses: readonly { use: Use; visit: Visit }[],
    started: ReadonlySet<ts.Node>,
  ): LocalReason | undefined {
    for (const { use, visit } of uses) {
      const [change] = this.#state.changesOf(use.symbol)
      const declaration = use.symbol.valueDeclaration
      if (!change || !declaration) continue
      const owner = scopeOf(declaration)
      const lasts =
        this.#state.runsAtStart(owner, started) ||
        (owner !== handler && isWithin(handler, owner)) ||
        isMaker(owner, use.node)
      if (!lasts) continue
      return {
        reason: `shares \`${use.symbol.name}\` with other requests: it changes at ${this.#project.place(change)}${way(visit)}`,
        source: this.#project.place(use.node),
      }
    }
    return undefined
  }

  #unit(node: ts.Node, phase: Phase): UnitFacts {
    const units = this.#units[phase]
    let facts = units.get(node)
    if (!facts) {
      facts = inspectUnit(this.#tools, node, phase)
      units.set(node, facts)
    }
    return facts
  }

  /**
   * Whether the function behind `handler` is in sight. Its parameter is taken as the context, whatever its
   * type.
   */
  #isUnderstood(handler: ts.Expression, position: number): boolean {
    const { contexts } = this.#tools
    const fn = isFunctionNode(handler) ? handler : this.#functionOf(handler)
    if (!fn) return this.#isOwnCall(handler)
    const parameter = fn.parameters[position]
    if (!parameter || contexts.kindOfParameter(parameter)) return true
    contexts.addUntyped(parameter.name)
    return ts.isIdentifier(parameter.name) && !parameter.dotDotDotToken
  }

  #functionOf(handler: ts.Expression) {
    const callees = this.#state.roots.callees(handler)
    if (callees.length === 1) return callees[0]
    const declaration = this.#project.checker.getTypeAtLocation(handler).getCallSignatures()[0]?.declaration
    return declaration && isFunctionNode(declaration) && this.#project.isOwn(declaration.getSourceFile())
      ? declaration
      : undefined
  }

  /** Whether `handler` is made by a function of the project, which is looked into. */
  #isOwnCall(handler: ts.Expression): boolean {
    return ts.isCallExpression(handler) && this.#state.roots.callees(handler.expression).length > 0
  }

  /** The expression of the function that answers, behind variables, lists and `createHandlers`. */
  #lastHandler(expression: ts.Expression): ts.Expression {
    const node = unwrap(expression)
    if (ts.isSpreadElement(node)) return this.#lastHandler(node.expression)
    if (ts.isArrayLiteralExpression(node)) return this.#lastOf(node.elements) ?? node
    if (ts.isCallExpression(node) && this.#isCreateHandlers(node)) return this.#lastOf(node.arguments) ?? node
    if (ts.isIdentifier(node)) {
      const declaration = this.#project.ownSymbol(node)?.valueDeclaration
      if (
        declaration &&
        ts.isVariableDeclaration(declaration) &&
        declaration.initializer &&
        declaration.parent.flags & ts.NodeFlags.Const
      ) {
        const value = unwrap(declaration.initializer)
        const isList =
          ts.isArrayLiteralExpression(value) || (ts.isCallExpression(value) && this.#isCreateHandlers(value))
        if (isList || ts.isIdentifier(value)) return this.#lastHandler(value)
      }
    }
    return node
  }

  #lastOf(list: ts.NodeArray<ts.Expression>): ts.Expression | undefined {
    const last = list.at(-1)
    return last && this.#lastHandler(last)
  }

  #isCreateHandlers(call: ts.CallExpression): boolean {
    const callee = unwrap(call.expression)
    if (!ts.isPropertyAccessExpression(callee) || callee.name.text !== "createHandlers") return false
    const symbol = this.#project.checker.getSymbolAtLocation(callee.name)
    return symbol?.declarations?.[0]?.getSourceFile().fileName.includes("/hono/") ?? false
  }
}

/** Whether the function `owner` returns the function in which `node` is: `(a) => (b) => ...`. */
function isMaker(owner: ts.Node, node: ts.Node): boolean {
  const inner = scopeOf(node)
  return inner.parent === owner || (ts.isReturnStatement(inner.parent) && scopeOf(inner) === owner)
}

/** How a walk came to `visit`: the names between the handler and it. */
function way(visit: Visit): string {
  const names: string[] = []
  for (let at: Visit | undefined = visit; at?.from; at = at.from) {
    const name = nameOf(at.node)
    if (name && names[0] !== name) names.unshift(name)
  }
  return names.length > 0 ? ` (through ${names.map((name) => `\`${name}\``).join(", ")})` : ""
}

function nameOf(node: ts.Node): string | undefined {
  for (const candidate of [node, node.parent]) {
    const name =
      (candidate && ts.isFunctionLike(candidate)) ||
      ts.isVariableDeclaration(candidate) ||
      ts.isClassLike(candidate) ||
      ts.isPropertyAssignment(candidate) ||
      ts.isPropertyDeclaration(candidate)
        ? candidate.name
        : undefined
    if (name && (ts.isIdentifier(name) || ts.isPrivateIdentifier(name) || ts.isStringLiteral(name)))
      return name.text
  }
  return undefined
}
