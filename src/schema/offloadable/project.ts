import { isBuiltin } from "node:module"
import { dirname } from "node:path"
import ts from "typescript"
import { relativePath } from "../relative-path.ts"

/** What a name stands for. */
export type Resolved =
  /** Something of the project's own code. */
  | { kind: "own"; symbol: ts.Symbol }
  /** An export of a package, of Node, or of a file whose source is not in the program. */
  | { kind: "external"; module: string; name: string; from: ts.SourceFile }
  /** A global. */
  | { kind: "global"; name: string }

/** A program with what the analysis asks of it again and again. */
export class Project {
  readonly checker: ts.TypeChecker
  readonly files: readonly ts.SourceFile[]
  readonly #program: ts.Program
  readonly #root: string
  readonly #resolved = new Map<ts.Symbol, Resolved>()

  constructor(program: ts.Program) {
    this.#program = program
    const { configFilePath } = program.getCompilerOptions()
    this.#root = typeof configFilePath === "string" ? dirname(configFilePath) : program.getCurrentDirectory()
    this.checker = program.getTypeChecker()
    this.files = program.getSourceFiles().filter((file) => this.isOwn(file))
  }

  /** Whether `file` is the project's own code, rather than declarations or a package's code. */
  isOwn(file: ts.SourceFile): boolean {
    return !file.isDeclarationFile && !this.#program.isSourceFileFromExternalLibrary(file)
  }

  /** `file:line` of `node`, relative to the folder of the program's configuration. */
  place(node: ts.Node): string {
    const file = node.getSourceFile()
    const { line } = file.getLineAndCharacterOfPosition(node.getStart(file))
    const path = relativePath(this.#root, file.fileName)
    return `${path}:${line + 1}`
  }

  /** The symbol of the value that `identifier` names, with imports not yet followed. */
  symbolAt(identifier: ts.Node): ts.Symbol | undefined {
    return ts.isShorthandPropertyAssignment(identifier.parent) && identifier.parent.name === identifier
      ? this.checker.getShorthandAssignmentValueSymbol(identifier.parent)
      : this.checker.getSymbolAtLocation(identifier)
  }

  /** What `identifier` stands for. A name that nothing declares is taken as a global. */
  resolve(identifier: ts.Identifier | ts.PrivateIdentifier): Resolved {
    const symbol = this.symbolAt(identifier)
    if (!symbol) return { kind: "global", name: identifier.text }
    return this.resolveSymbol(symbol, identifier.text)
  }

  /** What `symbol` stands for, through imports and re-exports. */
  resolveSymbol(symbol: ts.Symbol, name: string): Resolved {
    let resolved = this.#resolved.get(symbol)
    if (!resolved) {
      resolved = this.#follow(symbol, name)
      this.#resolved.set(symbol, resolved)
    }
    return resolved
  }

  /** The own symbol that `identifier` stands for, through imports, or undefined. */
  ownSymbol(identifier: ts.Identifier): ts.Symbol | undefined {
    const resolved = this.resolve(identifier)
    return resolved.kind === "own" ? resolved.symbol : undefined
  }

  #follow(symbol: ts.Symbol, name: string): Resolved {
    let current = symbol
    while (current.flags & ts.SymbolFlags.Alias) {
      const imported = importOf(current)
      if (imported && !this.#isOwnModule(imported.specifier)) {
        const specifier = imported.specifier
        return {
          kind: "external",
          module: specifier.text,
          name: imported.name,
          from: specifier.getSourceFile(),
        }
      }
      const next = this.checker.getImmediateAliasedSymbol(current)
      if (!next || next === current) break
      current = next
    }
    // Within its own file an export has a symbol of its own.
    current = this.checker.getExportSymbolOfSymbol(current)
    const declaration = current.declarations?.[0]
    if (!declaration) return { kind: "global", name }
    const file = declaration.getSourceFile()
    if (this.isOwn(file) && !isAmbient(declaration)) return { kind: "own", symbol: current }
    return { kind: "global", name: current.name === "default" ? name : current.name }
  }

  #isOwnModule(specifier: ts.StringLiteralLike): boolean {
    if (isBuiltin(specifier.text)) return false
    const module = this.checker.getSymbolAtLocation(specifier)
    const file = module?.declarations?.find(ts.isSourceFile)
    return file !== undefined && this.isOwn(file)
  }

  /** The file that `specifier` imports, if it is the project's own. */
  ownModule(specifier: ts.StringLiteralLike): ts.Symbol | undefined {
    return this.#isOwnModule(specifier) ? this.checker.getSymbolAtLocation(specifier) : undefined
  }

  /** Whether `symbol` is declared by JavaScript, the web or Node. */
  isOfLanguage(symbol: ts.Symbol): boolean {
    const file = symbol.declarations?.[0]?.getSourceFile().fileName ?? ""
    return /\/typescript\/lib\/lib\.[^/]*$|\/@types\/node\/|\/undici-types\//.test(file)
  }

  /** Whether all that `type` may be is a primitive: nothing that could be changed in place. */
  isPrimitive(type: ts.Type): boolean {
    if (type.isUnion()) return type.types.every((part) => this.isPrimitive(part))
    if (type.flags & ts.TypeFlags.Intersection)
      return (type as ts.IntersectionType).types.some((part) => this.isPrimitive(part))
    return (
      (type.flags &
        (ts.TypeFlags.StringLike |
          ts.TypeFlags.NumberLike |
          ts.TypeFlags.BooleanLike |
          ts.TypeFlags.BigIntLike |
          ts.TypeFlags.ESSymbolLike |
          ts.TypeFlags.Null |
          ts.TypeFlags.Undefined |
          ts.TypeFlags.Void |
          ts.TypeFlags.Never)) !==
      0
    )
  }
}

/** The module and export that an import or re-export names. */
function importOf(symbol: ts.Symbol): { specifier: ts.StringLiteralLike; name: string } | undefined {
  const declaration = symbol.declarations?.find(
    (node) =>
      ts.isImportSpecifier(node) ||
      ts.isExportSpecifier(node) ||
      ts.isImportClause(node) ||
      ts.isNamespaceImport(node) ||
      ts.isNamespaceExport(node) ||
      ts.isImportEqualsDeclaration(node),
  )
  if (!declaration) return undefined
  if (ts.isImportEqualsDeclaration(declaration)) {
    const reference = declaration.moduleReference
    return ts.isExternalModuleReference(reference) && ts.isStringLiteralLike(reference.expression)
      ? { specifier: reference.expression, name: "default" }
      : undefined
  }
  const statement = ts.findAncestor(
    declaration,
    (node) => ts.isImportDeclaration(node) || ts.isExportDeclaration(node),
  ) as ts.ImportDeclaration | ts.ExportDeclaration | undefined
  if (!statement?.moduleSpecifier || !ts.isStringLiteralLike(statement.moduleSpecifier)) return undefined
  const name =
    ts.isImportSpecifier(declaration) || ts.isExportSpecifier(declaration)
      ? (declaration.propertyName ?? declaration.name).text
      : ts.isImportClause(declaration)
        ? "default"
        : "*"
  return { specifier: statement.moduleSpecifier, name }
}

/** Whether `declaration` says only that something exists (`declare const`, `declare global`). */
function isAmbient(declaration: ts.Declaration): boolean {
  if (ts.getCombinedModifierFlags(declaration) & ts.ModifierFlags.Ambient) return true
  const module = ts.findAncestor(declaration, ts.isModuleDeclaration)
  return module !== undefined && module !== declaration && isAmbient(module)
}
