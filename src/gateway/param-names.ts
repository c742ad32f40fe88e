/** Names of a pattern's parameters: `["shop", "id"]` of `/:shop/orders/:id{[0-9]+}`. */
export function paramNamesOf(path: string): string[] {
  const withoutPatterns = path.replace(/\{[^}]+\}/g, "")
  return [...withoutPatterns.matchAll(/\/:([^/?]+)/g)].map((match) => match[1]!)
}
