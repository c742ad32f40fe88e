import ts from "typescript"

/** A function, method, accessor or constructor that has a body. */
export type FunctionNode = ts.FunctionLikeDeclaration & { body: ts.FunctionBody | ts.Expression }

/** Whether `node` is a function with a body. */
export function isFunctionNode(node: ts.Node): node is FunctionNode {
  return ts.isFunctionLike(node) && "body" in node && node.body !== undefined
}

/** Takes away what has no meaning at run time: parentheses, `as`, `satisfies`, `!`. */
export function unwrap(expression: ts.Expression): ts.Expression {
  let node = expression
  while (
    ts.isParenthesizedExpression(node) ||
    ts.isAsExpression(node) ||
    ts.isSatisfiesExpression(node) ||
    ts.isNonNullExpression(node) ||
    ts.isTypeAssertionExpression(node)
  )
    node = node.expression
  return node
}

/** Whether `node` is `x = y`, `x += y` or the like. */
export function isAssignment(node: ts.BinaryExpression): boolean {
  const { kind } = node.operatorToken
  return kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment
}

/** Whether `node` has no existence at run time. */
export function isTypeOnly(node: ts.Node): boolean {
  if (ts.isExpressionWithTypeArguments(node)) return false
  if (ts.isHeritageClause(node)) return node.token === ts.SyntaxKind.ImplementsKeyword
  return (
    ts.isTypeNode(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isTypeParameterDeclaration(node) ||
    (ts.canHaveModifiers(node) &&
      (ts.getModifiers(node)?.some((modifier) => modifier.kind === ts.SyntaxKind.DeclareKeyword) ?? false))
  )
}

/** Whether `identifier` stands for a value, rather than naming a declaration, a property or a type. */
export function isValueReference(identifier: ts.Identifier): boolean {
  const parent = identifier.parent
  if (ts.isShorthandPropertyAssignment(parent)) return true
  if ((parent as { name?: ts.Node }).name === identifier) return false
  if (ts.isBindingElement(parent)) return parent.propertyName !== identifier
  if (ts.isJsxOpeningLikeElement(parent)) return !/^[a-z]/.test(identifier.text)
  return !(
    ts.isJsxClosingElement(parent) ||
    ts.isJsxNamespacedName(parent) ||
    ts.isLabeledStatement(parent) ||
    ts.isBreakOrContinueStatement(parent) ||
    ts.isImportSpecifier(parent) ||
    ts.isExportSpecifier(parent)
  )
}

/** Methods of the language that call a function they are given before they return. */
const synchronous: ReadonlySet<string> = new Set(
  (
    "forEach map filter reduce reduceRight flatMap sort toSorted some every find findIndex findLast " +
    "findLastIndex from fromEntries replace replaceAll groupBy parse stringify"
  ).split(" "),
)

/**
 * Whether the function expression `node` runs where it stands: it is called at once, or passed to a
 * method of the language (`map`, `forEach`, ...) that calls it before it returns.
 */
export function runsInPlace(node: ts.Node): boolean {
  if (!ts.isArrowFunction(node) && !ts.isFunctionExpression(node)) return false
  let outer: ts.Node = node
  while (ts.isParenthesizedExpression(outer.parent)) outer = outer.parent
  const call = outer.parent
  if (!ts.isCallExpression(call)) return false
  if (call.expression === outer) return true
  return ts.isPropertyAccessExpression(call.expression) && synchronous.has(call.expression.name.text)
}

function isStatic(node: ts.PropertyDeclaration): boolean {
  return node.modifiers?.some((modifier) => modifier.kind === ts.SyntaxKind.StaticKeyword) ?? false
}

/**
 * Where the code at `node` runs: the innermost function around it that doesn't run in place, the class
 * whose instances it initialises, or the file.
 */
export function scopeOf(node: ts.Node): ts.Node {
  let child = node
  for (let outer = node.parent; outer; child = outer, outer = outer.parent) {
    if (isFunctionNode(outer)) {
      // Decorators and computed names run where the class or object is made.
      if ((child === outer.body || ts.isParameter(child)) && !runsInPlace(outer)) return outer
    } else if (ts.isPropertyDeclaration(outer)) {
      if (child === outer.initializer && !isStatic(outer)) return outer.parent
    } else if (ts.isSourceFile(outer)) {
      return outer
    }
  }
  return node.getSourceFile()
}

/** Whether `inner` is `outer` or lies in it. */
export function isWithin(inner: ts.Node, outer: ts.Node): boolean {
  return inner.pos >= outer.pos && inner.end <= outer.end && inner.getSourceFile() === outer.getSourceFile()
}

/** The parameter or variable declaration that a binding element belongs to. */
export function bindingRoot(element: ts.BindingElement): ts.VariableDeclaration | ts.ParameterDeclaration {
  let pattern = element.parent
  while (ts.isBindingElement(pattern.parent)) pattern = pattern.parent.parent
  return pattern.parent
}

/** The name of an own property, if it is written out. */
export function propertyName(name: ts.PropertyName | undefined): string | undefined {
  if (!name) return undefined
  if (ts.isIdentifier(name) || ts.isPrivateIdentifier(name) || ts.isStringLiteralLike(name)) return name.text
  if (ts.isNumericLiteral(name)) return name.text
  return ts.isComputedPropertyName(name) && ts.isStringLiteralLike(name.expression)
    ? name.expression.text
    : undefined
}

/** The property that `expression` reads, if its name is written out. */
export function accessedName(expression: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(expression)) return expression.name.text
  if (ts.isElementAccessExpression(expression) && ts.isStringLiteralLike(expression.argumentExpression))
    return expression.argumentExpression.text
  return undefined
}

/** Whether `node` is `x.y` or `x[y]`. */
export function isAccess(node: ts.Node): node is ts.PropertyAccessExpression | ts.ElementAccessExpression {
  return ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)
}
