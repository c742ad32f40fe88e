/**
 * The names of the app's types, which their messages and enums have.
 *
 * @module
 */
import { basename } from "node:path"
import ts from "typescript"
import type { Project } from "./project.ts"
import { relativePath } from "./relative-path.ts"
import { pascalCase, UniqueNames } from "./words.ts"

/** A type that the app declares. */
interface DeclaredType {
  symbol: ts.Symbol
  /** Its name, as a message would have it. */
  name: string
  /** Absolute path. */
  file: string
  /** What the lock knows it by: file and name, with those of the namespaces and functions that it is in. */
  key: string
}

/**
 * Gives each type a name that depends neither on what is met first nor on what other types there are by now: it keeps
 * the one that it has in the lock. Of several new ones of the same name, each has that of its file before it.
 */
export class TypeNames {
  readonly #names = new Map<ts.Symbol, string>()
  readonly #keys = new Map<ts.Symbol, string>()
  readonly #taken: UniqueNames
  readonly #locked: Record<string, string>

  /**
   * @param locked - the lock's types: file and name, by the name that they were given
   * @param dir - directory that files in the lock are relative to
   */
  constructor(project: Project, locked: Record<string, string>, dir: string) {
    this.#locked = { ...locked }
    this.#taken = new UniqueNames(Object.keys(locked))
    const types = declaredTypes(project, dir)
    for (const { symbol, key } of types) this.#keys.set(symbol, key)
    const lockedBefore = grouped(
      Object.entries(locked).map(([name, key]) => ({ name, key })),
      ({ key }) => pascalCase(key.slice(key.lastIndexOf("#") + 1).replace(/.*\./, "")),
    )
    const byName = grouped(types, ({ name }) => name)
    const others = [...byName].flatMap(([name, same]) => this.#keep(same, lockedBefore.get(name) ?? []))
    // The only one of its name comes first, which others' files and names might make as well.
    for (const { symbol, name } of others) {
      const isOnly = byName.get(name)!.length === 1 && !this.#taken.has(name)
      if (isOnly) this.#names.set(symbol, this.#taken.take(name))
    }
    for (const { symbol, name, file } of others) {
      if (!this.#names.has(symbol)) this.#names.set(symbol, this.#taken.take(withFile(name, file)))
    }
  }

  /** The lock's types, with those whose name has been asked for. */
  get locked(): Record<string, string> {
    return this.#locked
  }

  /** Undefined for a type that nothing tells from others, as one in a function that has no name. */
  of(symbol: ts.Symbol): string | undefined {
    const name = this.#names.get(symbol)
    const key = this.#keys.get(symbol)
    if (name !== undefined && key !== undefined) this.#locked[name] = key
    return name
  }

  /**
   * Gives types of the same name those that the lock has for them. The only new one, where the only one is missed, has
   * been moved to another file.
   *
   * @returns those that it has none for
   */
  #keep(same: readonly DeclaredType[], locked: readonly { name: string; key: string }[]): DeclaredType[] {
    const names = new Map(locked.map(({ name, key }) => [key, name]))
    const others = same.filter(({ key }) => !names.has(key))
    const missed = locked.filter(({ key }) => !same.some((type) => type.key === key))
    const isMoved = missed.length === 1 && others.length === 1
    for (const { symbol, key } of same) {
      const name = names.get(key) ?? (isMoved ? missed[0]!.name : undefined)
      if (name !== undefined) this.#names.set(symbol, name)
    }
    return isMoved ? [] : others
  }
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group) group.push(item)
    else groups.set(keyOf(item), [item])
  }
  return groups
}

/** In an order that does not depend on who imports whom. */
function declaredTypes(project: Project, dir: string): DeclaredType[] {
  const types = new Map<ts.Symbol, DeclaredType>()
  for (const source of project.program.getSourceFiles()) {
    if (!project.isOwn(source)) continue
    const file = source.fileName
    const path = relativePath(dir, file)
    const visit = (node: ts.Node, outer: string): void => {
      if (isNamedType(node)) {
        const symbol = project.checker.getSymbolAtLocation(node.name!)
        // What several declarations are merged to is of the first one.
        if (symbol?.declarations?.[0] === node) {
          const key = `${path}#${outer}${symbol.name}`
          types.set(symbol, { symbol, name: pascalCase(symbol.name), file, key })
        }
      }
      const inner = scopeOf(node)
      // Where a type is in a function without a name, nothing tells whose it is.
      if (inner !== undefined) ts.forEachChild(node, (child) => visit(child, outer + inner))
    }
    visit(source, "")
  }
  const byKey = grouped([...types.values()], ({ key }) => key)
  return [...byKey.values()]
    .flatMap((same) => (same.length === 1 ? same : []))
    .sort(({ key: a }, { key: b }) => (a < b ? -1 : 1))
}

/** What comes before the names of types in a node; undefined in what has no name. */
function scopeOf(node: ts.Node): string | undefined {
  if (ts.isModuleDeclaration(node)) return `${node.name.text}.`
  const isObject = ts.isObjectLiteralExpression(node)
  if (!isObject && !ts.isFunctionLike(node) && !ts.isClassLike(node)) return ""
  const name = (isObject ? undefined : node.name) ?? nameOfOwner(node)
  return name && ts.isIdentifier(name) ? `${name.text}.` : undefined
}

/** The name of what an expression is the value of. */
function nameOfOwner({ parent }: ts.Node): ts.Node | undefined {
  if (ts.isAsExpression(parent) || ts.isSatisfiesExpression(parent) || ts.isParenthesizedExpression(parent))
    return nameOfOwner(parent)
  const isOwner =
    ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent) || ts.isPropertyDeclaration(parent)
  return isOwner ? parent.name : undefined
}

function withFile(name: string, file: string): string {
  return pascalCase(basename(file).replace(/\..*/, "")) + name
}

type NamedType = ts.InterfaceDeclaration | ts.TypeAliasDeclaration | ts.EnumDeclaration | ts.ClassDeclaration

function isNamedType(node: ts.Node): node is NamedType {
  const isType =
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isEnumDeclaration(node) ||
    ts.isClassDeclaration(node)
  return isType && node.name !== undefined
}
