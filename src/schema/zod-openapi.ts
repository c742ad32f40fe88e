/**
 * What `app.openapi(route, handler)` of @hono/zod-openapi registers, which the type of its route tells.
 *
 * @module
 */
import type ts from "typescript"

/** A registration. */
export interface OpenApiRoute {
  /** In upper case. */
  method: string
  /** As Hono writes it. */
  path: string
  /** How many rows `app.routes` has for it before that of the handler: middleware and validators. */
  rowsBefore: number
}

const JSON_BODY = /^application\/([a-z-.]+\+)?json/
const FORM_BODY = /^(multipart\/form-data|application\/x-www-form-urlencoded)/

/** Reads the type of a route that `createRoute` made; undefined when its method or path is not a constant. */
export function openApiRoute(checker: ts.TypeChecker, route: ts.Expression): OpenApiRoute | undefined {
  const of = (type: ts.Type | undefined, name: string): ts.Type | undefined => {
    const property = type && checker.getPropertyOfType(checker.getNonNullableType(type), name)
    return property && checker.getTypeOfSymbolAtLocation(property, route)
  }
  const type = checker.getTypeAtLocation(route)
  const [method, path] = [of(type, "method"), of(type, "path")]
  if (!method?.isStringLiteral() || !path?.isStringLiteral()) return undefined
  const request = of(type, "request")
  const validators = ["query", "params", "headers", "cookies"].filter((name) => of(request, name)).length
  return {
    method: method.value.toUpperCase(),
    path: path.value.replaceAll(/\/{(.+?)}/g, "/:$1"),
    rowsBefore:
      middlewareCount(of(type, "middleware")) + validators + bodyCount(of(of(request, "body"), "content")),
  }

  function middlewareCount(middleware: ts.Type | undefined): number {
    if (!middleware) return 0
    if (checker.isTupleType(middleware)) {
      return checker.getTypeArguments(middleware as ts.TypeReference).length
    }
    return 1
  }

  /** A validator for each kind of body, behind one that refuses other kinds. */
  function bodyCount(content: ts.Type | undefined): number {
    const kinds = content
      ? checker
          .getPropertiesOfType(content)
          .map(({ name }) => name)
          .filter((name) => of(of(content, name), "schema"))
      : []
    const count = kinds.filter((kind) => JSON_BODY.test(kind) || FORM_BODY.test(kind)).length
    return count === 0 ? 0 : count + 1
  }
}
