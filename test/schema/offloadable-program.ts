import { dirname } from "node:path"
import { fileURLToPath } from "node:url"
import ts from "typescript"
import { analyseHandler, type HandlerFacts } from "../../src/schema/offloadable.ts"

/** Files of the program seem to lie here, so that packages are found. */
const directory = dirname(fileURLToPath(import.meta.url))

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  lib: ["lib.es2023.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  types: ["node"],
  strict: true,
  skipLibCheck: true,
  allowImportingTsExtensions: true,
  resolveJsonModule: true,
  noEmit: true,
  jsx: ts.JsxEmit.ReactJSX,
  jsxImportSource: "hono/jsx",
}

const parsed = new Map<string, ts.SourceFile | undefined>()

/** A program of files that are given as text, by their path. */
function programOf(files: Record<string, string>): ts.Program {
  const virtual = new Map(
    Object.entries({ "package.json": '{ "type": "module" }', ...files }).map(([name, text]) => [
      `${directory}/${name}`,
      text,
    ]),
  )
  const host = ts.createCompilerHost(options, true)
  const { getSourceFile, fileExists, readFile, directoryExists } = host
  host.getCurrentDirectory = () => directory
  host.fileExists = (name) => virtual.has(name) || fileExists(name)
  host.readFile = (name) => virtual.get(name) ?? readFile(name)
  host.directoryExists = (name) =>
    [...virtual.keys()].some((file) => file.startsWith(`${name}/`)) || (directoryExists?.(name) ?? true)
  host.getSourceFile = (name, ...rest) => {
    const text = virtual.get(name)
    if (text !== undefined) return ts.createSourceFile(name, text, options.target!, true)
    if (!parsed.has(name)) parsed.set(name, getSourceFile.call(host, name, ...rest))
    return parsed.get(name)
  }
  const roots = [...virtual.keys()].filter((name) => /\.tsx?$/.test(name))
  return ts.createProgram(roots, options, host)
}

/** Facts of every route in the files, by method and path as they stand there. */
export function analyse(files: Record<string, string> | string): Record<string, HandlerFacts> {
  const program = programOf(typeof files === "string" ? { "app.ts": files } : files)
  const facts: Record<string, HandlerFacts> = {}
  for (const { key, handler } of handlersOf(program)) facts[key] = analyseHandler(program, handler)
  return facts
}

/** The last argument of every route in the program. */
function handlersOf(program: ts.Program): { key: string; handler: ts.Expression }[] {
  const found: { key: string; handler: ts.Expression }[] = []
  const visit = (node: ts.Node): void => {
    ts.forEachChild(node, visit)
    if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return
    const [path] = node.arguments
    const method = node.expression.name.text
    if (!/^(get|post|put|delete|all)$/.test(method) || !path || !ts.isStringLiteral(path)) return
    if (!path.text.startsWith("/") || node.arguments.length < 2) return
    const last = node.arguments.at(-1)!
    found.push({ key: `${method} ${path.text}`, handler: ts.isSpreadElement(last) ? last.expression : last })
  }
  for (const file of program.getSourceFiles())
    if (file.fileName.startsWith(`${directory}/`) && !file.isDeclarationFile) visit(file)
  return found
}

/** The facts of the only route in the files. */
export function analyseOne(files: Record<string, string> | string): HandlerFacts {
  const all = Object.values(analyse(files))
  if (all.length !== 1) throw new Error(`${all.length} routes instead of one`)
  return all[0]!
}

/** A file with one handler, which `body` is the body of. */
export function withHandler(body: string, before = ""): string {
  return `import { Hono } from "hono"\n${before}\nconst app = new Hono()\napp.post("/x/:id", async (c) => {\n${body}\n})\nexport default app\n`
}
