/**
 * Finds the routes of an app by following its source the way it runs: module by module, statement by statement.
 *
 * @module
 */
import { mergePath } from "hono/utils/url"
import ts from "typescript"
import { type Diagnostic, diagnostic } from "./diagnostic.ts"
import type { Project } from "./project.ts"
import { SchemaError } from "./schema-error.ts"
import { skipOuter } from "./skip-outer.ts"
import { openApiRoute } from "./zod-openapi.ts"

/** A row that the running app will have in `app.routes`. */
export interface RouteRow {
  method: string
  path: string
  /** The handler; undefined for middleware and for what could not be followed. */
  handler?: ts.Expression
  /** The call that registers it. */
  call: ts.CallExpression
  /** Name of the method that registers it, such as `get`. */
  registration: string
}

/** A Hono app while it is followed. */
interface AppValue {
  base: string
  /** The path of the last registration, which a call without a path means. */
  path: string
  rows: RouteRow[]
}

const METHODS = new Set(["get", "post", "put", "delete", "options", "patch", "query"])
const CHAINED = new Set(["onError", "notFound", "mount"])
const MAX_CALL_DEPTH = 20

/**
 * Reads the rows of the app that a module exports by default, in order of registration.
 *
 * @throws {@link SchemaError} `no_default_export`, `not_hono`
 */
export function readRoutes(project: Project, diagnostics: Diagnostic[]): RouteRow[] {
  return new RouteReader(project, diagnostics).read()
}

class RouteReader {
  readonly #project: Project
  readonly #checker: ts.TypeChecker
  readonly #diagnostics: Diagnostic[]
  readonly #apps = new Map<ts.Symbol, AppValue>()
  readonly #read = new Set<ts.SourceFile>()
  #depth = 0

  constructor(project: Project, diagnostics: Diagnostic[]) {
    this.#project = project
    this.#checker = project.checker
    this.#diagnostics = diagnostics
  }

  read(): RouteRow[] {
    const { entry } = this.#project
    this.#readModule(entry)
    const module = this.#checker.getSymbolAtLocation(entry)
    const exported = module && this.#checker.tryGetMemberInModuleExports("default", module)
    const place = this.#project.place(entry).file
    if (!exported)
      throw new SchemaError("no_default_export", `${place}: there is no default export; export the Hono app`)
    const app = this.#ofSymbol(exported)
    if (!app)
      throw new SchemaError(
        "not_hono",
        `${place}: the default export is not a Hono app; export the app itself`,
      )
    return app.rows
  }

  #readModule(file: ts.SourceFile): void {
    if (this.#read.has(file) || !this.#project.isOwn(file)) return
    this.#read.add(file)
    for (const statement of file.statements) {
      const specifier =
        ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement)
          ? statement.moduleSpecifier
          : undefined
      const target = specifier && this.#checker.getSymbolAtLocation(specifier)?.valueDeclaration
      if (target && ts.isSourceFile(target)) this.#readModule(target)
    }
    for (const statement of file.statements) this.#statement(statement)
  }

  #statement(statement: ts.Statement): AppValue | undefined {
    if (ts.isVariableStatement(statement)) {
      for (const { name, initializer } of statement.declarationList.declarations) {
        const app = initializer && this.#expression(initializer)
        const symbol = app && ts.isIdentifier(name) && this.#checker.getSymbolAtLocation(name)
        if (symbol) this.#apps.set(symbol, app)
      }
    } else if (ts.isExpressionStatement(statement)) this.#expression(statement.expression)
    else if (ts.isReturnStatement(statement))
      return statement.expression && this.#expression(statement.expression)
    else if (ts.isExportAssignment(statement)) {
      const app = this.#expression(statement.expression)
      const symbol = this.#checker.getSymbolAtLocation(statement.getSourceFile())
      const exported = symbol && this.#checker.tryGetMemberInModuleExports("default", symbol)
      if (app && exported) this.#apps.set(exported, app)
    } else if (ts.isBlock(statement)) {
      for (const inner of statement.statements) {
        const app = this.#statement(inner)
        if (app) return app
      }
    } else {
      // Which branch runs is seen at run time: what the app does not have then is left out of the build.
      for (const branch of branchesOf(statement)) {
        const app = this.#statement(branch)
        if (app) return app
      }
    }
    return undefined
  }

  #ofSymbol(symbol: ts.Symbol): AppValue | undefined {
    const target = symbol.flags & ts.SymbolFlags.Alias ? this.#checker.getAliasedSymbol(symbol) : symbol
    return this.#apps.get(target) ?? this.#apps.get(symbol)
  }

  #expression(node: ts.Expression): AppValue | undefined {
    const expression = skipOuter(node)
    if (ts.isIdentifier(expression) || ts.isPropertyAccessExpression(expression)) {
      const symbol = this.#checker.getSymbolAtLocation(expression)
      return symbol && this.#ofSymbol(symbol)
    }
    if (ts.isNewExpression(expression)) return this.#isHono(expression) ? newApp() : undefined
    if (ts.isAwaitExpression(expression)) return this.#expression(expression.expression)
    if (ts.isCallExpression(expression)) return this.#call(expression)
    return undefined
  }

  #call(call: ts.CallExpression): AppValue | undefined {
    const callee = skipOuter(call.expression)
    if (ts.isPropertyAccessExpression(callee)) {
      const app = this.#expression(callee.expression)
      if (app) return this.#method(app, callee.name.text, call)
    }
    const body = this.#bodyOf(callee)
    if (body) return this.#inlined(body, call)
    // Such as createFactory().createApp().
    return this.#isHono(call) ? newApp() : undefined
  }

  /** Follows a function of the project that is given an app, or makes one. */
  #inlined(declaration: ts.FunctionLikeDeclaration, call: ts.CallExpression): AppValue | undefined {
    const given = call.arguments.map((argument) => this.#expression(argument))
    if (!given.some(Boolean) && !this.#isHono(call)) return undefined
    if (this.#depth >= MAX_CALL_DEPTH || !declaration.body) return undefined
    this.#depth++
    try {
      declaration.parameters.forEach(({ name }, i) => {
        const symbol = given[i] && ts.isIdentifier(name) && this.#checker.getSymbolAtLocation(name)
        if (symbol) this.#apps.set(symbol, given[i]!)
      })
      if (ts.isBlock(declaration.body)) return this.#statement(declaration.body)
      return this.#expression(declaration.body)
    } finally {
      this.#depth--
    }
  }

  #bodyOf(callee: ts.Expression): ts.FunctionLikeDeclaration | undefined {
    if (ts.isArrowFunction(callee) || ts.isFunctionExpression(callee)) return callee
    let symbol = this.#checker.getSymbolAtLocation(callee)
    if (symbol && symbol.flags & ts.SymbolFlags.Alias) symbol = this.#checker.getAliasedSymbol(symbol)
    const declaration = symbol?.valueDeclaration
    if (!declaration || !this.#project.isOwn(declaration.getSourceFile())) return undefined
    if (ts.isFunctionDeclaration(declaration)) return declaration
    if (!ts.isVariableDeclaration(declaration) || !declaration.initializer) return undefined
    const value = skipOuter(declaration.initializer)
    return ts.isArrowFunction(value) || ts.isFunctionExpression(value) ? value : undefined
  }

  #method(app: AppValue, name: string, call: ts.CallExpression): AppValue | undefined {
    const [first, ...rest] = call.arguments
    if (METHODS.has(name) || name === "all") {
      const path = first && this.#string(first)
      if (path !== undefined) app.path = path
      const handlers = path === undefined ? [...call.arguments] : rest
      if (path === undefined && first && this.#isString(first)) {
        this.#report("unknown_path", call, name, "its path is not a constant")
        return app
      }
      this.#add(app, name === "all" ? "ALL" : name.toUpperCase(), app.path, handlers, call, name)
      return app
    }
    if (name === "on") {
      const methods = first && this.#strings(first)
      const paths = rest[0] && this.#strings(rest[0])
      if (!methods || !paths) {
        this.#report(
          methods ? "unknown_path" : "unknown_method",
          call,
          name,
          "its methods or paths are not constants",
        )
        return app
      }
      for (const path of paths) {
        app.path = path
        for (const method of methods) this.#add(app, method.toUpperCase(), path, rest.slice(1), call, name)
      }
      return app
    }
    if (name === "openapi" && first) {
      const route = openApiRoute(this.#checker, first)
      if (!route) {
        this.#report("unknown_path", call, name, "its method or path is not a constant")
        return app
      }
      const row = { method: route.method, path: mergePath(app.base, route.path), call, registration: name }
      for (let i = 0; i < route.rowsBefore; i++) app.rows.push(row)
      app.rows.push(rest[0] ? { ...row, handler: rest[0] } : row)
      return app
    }
    // The documents of @hono/zod-openapi.
    if (name === "doc" || name === "doc31") {
      const path = first && this.#string(first)
      if (path !== undefined) {
        app.rows.push({ method: "GET", path: mergePath(app.base, path), call, registration: name })
      }
      return app
    }
    if (name === "use") {
      const path = first && this.#string(first)
      app.path = path ?? "*"
      const count = this.#flatten(path === undefined ? [...call.arguments] : rest).length
      for (let i = 0; i < count; i++) {
        app.rows.push({ method: "ALL", path: mergePath(app.base, app.path), call, registration: name })
      }
      return app
    }
    if (name === "basePath") {
      const path = first && this.#string(first)
      if (path === undefined) this.#report("unknown_path", call, name, "its path is not a constant")
      // Hono's clone shares the routes.
      return { base: mergePath(app.base, path ?? ""), path: "/", rows: app.rows }
    }
    if (name === "route") {
      const path = first && this.#string(first)
      const sub = rest[0] && this.#expression(rest[0])
      if (path === undefined || !sub) {
        this.#report("unknown_path", call, name, "its path or its app can't be followed")
        return app
      }
      const base = mergePath(app.base, path)
      for (const row of [...sub.rows]) app.rows.push({ ...row, path: mergePath(base, row.path) })
      return app
    }
    return CHAINED.has(name) ? app : undefined
  }

  #add(
    app: AppValue,
    method: string,
    path: string,
    given: readonly ts.Expression[],
    call: ts.CallExpression,
    registration: string,
  ): void {
    const handlers = this.#flatten(given)
    handlers.forEach((handler, i) => {
      const last = i === handlers.length - 1
      const row = { method, path: mergePath(app.base, path), call, registration }
      app.rows.push(last ? { ...row, handler } : row)
    })
  }

  /** The handlers that arguments stand for, spreads taken apart. */
  #flatten(given: readonly ts.Expression[]): ts.Expression[] {
    return given.flatMap((expression) => {
      if (!ts.isSpreadElement(expression)) return [expression]
      const list = this.#listOf(expression.expression)
      if (list) return this.#flatten(list)
      const type = this.#checker.getTypeAtLocation(expression.expression)
      const length = this.#checker.isTupleType(type)
        ? this.#checker.getTypeArguments(type as ts.TypeReference).length
        : 1
      return Array.from({ length }, () => expression.expression)
    })
  }

  /** The elements of an array that is written down: `[a, b]`, `factory.createHandlers(a, b)`, or a constant of them. */
  #listOf(node: ts.Expression): readonly ts.Expression[] | undefined {
    const expression = skipOuter(node)
    if (ts.isArrayLiteralExpression(expression)) return expression.elements
    if (ts.isCallExpression(expression)) {
      const callee = skipOuter(expression.expression)
      const named = ts.isPropertyAccessExpression(callee) && callee.name.text === "createHandlers"
      return named ? expression.arguments : undefined
    }
    let symbol = this.#checker.getSymbolAtLocation(expression)
    if (symbol && symbol.flags & ts.SymbolFlags.Alias) symbol = this.#checker.getAliasedSymbol(symbol)
    const declaration = symbol?.valueDeclaration
    return declaration && ts.isVariableDeclaration(declaration) && declaration.initializer
      ? this.#listOf(declaration.initializer)
      : undefined
  }

  #isString(node: ts.Expression): boolean {
    return (this.#checker.getTypeAtLocation(node).flags & ts.TypeFlags.StringLike) !== 0
  }

  /** The one string that an expression can be. */
  #string(node: ts.Expression): string | undefined {
    const type = this.#checker.getTypeAtLocation(node)
    if (type.isStringLiteral()) return type.value
    const expression = skipOuter(node)
    return ts.isStringLiteralLike(expression) ? expression.text : undefined
  }

  /** The strings that an expression is: one, or an array of them. */
  #strings(node: ts.Expression): string[] | undefined {
    const one = this.#string(node)
    if (one !== undefined) return [one]
    const elements = this.#listOf(node)
    const strings = elements?.flatMap((element): (string | undefined)[] =>
      ts.isSpreadElement(element)
        ? (this.#strings(element.expression) ?? [undefined])
        : [this.#string(element)],
    )
    return strings?.every((text) => text !== undefined) ? strings : undefined
  }

  /** Whether a value is a Hono app, of a subclass too. */
  #isHono(node: ts.Expression): boolean {
    const type = this.#checker.getTypeAtLocation(node)
    return ["fetch", "routes", "basePath", "notFound"].every((name) =>
      this.#checker.getPropertyOfType(type, name),
    )
  }

  #report(code: Diagnostic["code"], call: ts.CallExpression, registration: string, what: string): void {
    const parts = {
      part: "",
      type: "",
      what: `${what}, so its routes stay in the gateway`,
      hint: "write it as a string, a constant, or an array of them",
    }
    const source = this.#project.place(call)
    this.#diagnostics.push(diagnostic({ code, source, route: `.${registration}()`, ...parts }))
  }
}

/** The statements in a statement that run once at most. */
function branchesOf(statement: ts.Statement): ts.Statement[] {
  if (ts.isIfStatement(statement)) {
    const { thenStatement, elseStatement } = statement
    return elseStatement ? [thenStatement, elseStatement] : [thenStatement]
  }
  if (!ts.isTryStatement(statement)) return []
  return statement.finallyBlock ? [statement.tryBlock, statement.finallyBlock] : [statement.tryBlock]
}

function newApp(): AppValue {
  return { base: "/", path: "/", rows: [] }
}
