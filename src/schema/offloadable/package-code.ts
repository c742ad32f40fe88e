import { builtinModules, isBuiltin } from "node:module"
import { dirname } from "node:path"
import { buildSync } from "esbuild"
import ts from "typescript"
import { missingGlobal, suspects } from "./globals.ts"
import { type HelperFacts, honoHelper } from "./hono-modules.ts"

/** Packages that are known to work in a function, however much of them is used. */
const knownGood = /^(zod|valibot|@hono\/[a-z-]+-validator|@standard-schema\/[a-z-]+)(\/|$)/

/**
 * What code that is not the project's own needs. It is not walked: what an import brings is bundled
 * without what it does not use, and the rest is looked through for what no function has.
 */
export class PackageCode {
  readonly #facts = new Map<string, HelperFacts>()

  /**
   * Facts about importing `name` (`*` for all) from `module`.
   *
   * @param from file that has the import
   */
  factsOf(module: string, name: string, from: string): HelperFacts {
    if (isBuiltin(module)) return { local: `imports \`${module}\`, which is Node's` }
    if (/^[a-z-]+:/.test(module))
      return { local: `imports \`${module}\`, which exists only in its own runtime` }
    const helper = honoHelper(module, name)
    if (helper?.local) return { local: `uses \`${name}\` of \`${module}\`, which ${helper.local}` }
    if (helper) return helper
    if (knownGood.test(module)) return {}
    const key = module.startsWith(".") ? `${dirname(from)} ${module} ${name}` : `${module} ${name}`
    let facts = this.#facts.get(key)
    if (!facts) {
      facts = this.#inspect(module, name, from)
      this.#facts.set(key, facts)
    }
    return facts
  }

  #inspect(module: string, name: string, from: string): HelperFacts {
    const names = name === "*" ? "*" : `{ ${name} }`
    const result = bundle(`export ${names} from ${JSON.stringify(module)}`, from)
    if (!result) return { local: `imports \`${module}\`, which can't be bundled` }
    const builtin = result.imports.find((path) => isBuiltin(path))
    if (builtin) return { local: `uses \`${module}\`, which imports \`${builtin}\`` }
    const missing = missingIn(result.code) ?? (module.includes("hono") ? gatewayIn(result.code) : undefined)
    return missing ? { local: `uses \`${module}\`, which ${missing}` } : {}
  }
}

/** Bundles `source` as the build does; undefined if that fails. */
function bundle(source: string, from: string): { code: string; imports: string[] } | undefined {
  try {
    const result = buildSync({
      stdin: { contents: source, resolveDir: dirname(from), loader: "js" },
      bundle: true,
      write: false,
      metafile: true,
      format: "esm",
      platform: "neutral",
      mainFields: ["module", "main"],
      conditions: ["worker", "browser", "module", "import", "default"],
      define: { "process.env.NODE_ENV": '"production"' },
      minifySyntax: true,
      treeShaking: true,
      logLevel: "silent",
      external: ["node:*", ...builtinModules],
    })
    const [output] = Object.values(result.metafile.outputs)
    return {
      code: result.outputFiles[0]?.text ?? "",
      imports: output?.imports.filter((entry) => entry.external).map((entry) => entry.path) ?? [],
    }
  } catch {
    // Not found, a syntax error, a file type without loader: the real build will say which.
    return undefined
  }
}

/** What no function has among the globals that `code` uses without asking whether they exist. */
function missingIn(code: string): string | undefined {
  const candidates = suspects.filter((name) => new RegExp(`\\b${name}\\b`).test(code))
  const hasSubtle = /\.subtle\b/.test(code)
  if (candidates.length === 0 && !hasSubtle) return undefined
  const file = ts.createSourceFile("package.js", code, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS)
  const used = new Set<string>()
  const declared = new Set<string>()
  const visit = (node: ts.Node): void => {
    if (ts.isTypeOfExpression(node) && ts.isIdentifier(node.expression)) declared.add(node.expression.text)
    else if (ts.isPropertyAccessExpression(node) && node.name.text === "subtle") used.add("crypto.subtle")
    else if (ts.isIdentifier(node)) {
      const parent = node.parent as { name?: ts.Node; propertyName?: ts.Node }
      if (parent.name !== node && parent.propertyName !== node) used.add(node.text)
      else if (!ts.isPropertyAccessExpression(node.parent) && !ts.isPropertyAssignment(node.parent))
        declared.add(node.text)
    }
    ts.forEachChild(node, visit)
  }
  visit(file)
  if (used.has("crypto.subtle")) return "uses `crypto.subtle`, which a function does not have"
  const name = candidates.find((candidate) => used.has(candidate) && !declared.has(candidate))
  return name && missingGlobal(name)
}

/** What of the context only the gateway has, in `code` of a package for Hono. */
function gatewayIn(code: string): string | undefined {
  if (/\.executionCtx\b/.test(code))
    return "uses `c.executionCtx`: nothing in a function outlives the request"
  return /(?<!\b(?:process|meta))\.env\b/.test(code) ? "reads `c.env`, which only the gateway has" : undefined
}
