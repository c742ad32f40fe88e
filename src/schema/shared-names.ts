import ts from "typescript"
import type { Project } from "./project.ts"
import { pascalCase } from "./words.ts"

/**
 * Names that several types of the app have. Which of them is met first must not decide which message is whose, or routes
 * in another order would give other numbers.
 */
export function sharedNames(project: Project): Set<string> {
  const symbols = new Map<string, Set<ts.Symbol>>()
  for (const file of project.program.getSourceFiles()) {
    if (!project.isOwn(file)) continue
    for (const statement of file.statements) {
      const symbol = isNamedType(statement) && project.checker.getSymbolAtLocation(statement.name!)
      if (!symbol) continue
      const name = pascalCase(symbol.name)
      symbols.set(name, (symbols.get(name) ?? new Set()).add(symbol))
    }
  }
  return new Set([...symbols].flatMap(([name, { size }]) => (size > 1 ? [name] : [])))
}

type NamedType = ts.InterfaceDeclaration | ts.TypeAliasDeclaration | ts.EnumDeclaration | ts.ClassDeclaration

function isNamedType(node: ts.Statement): node is NamedType {
  const isType =
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isEnumDeclaration(node) ||
    ts.isClassDeclaration(node)
  return isType && node.name !== undefined
}
