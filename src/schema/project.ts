import { existsSync, readFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import ts from "typescript"
import { cachingHost } from "./declarations.ts"
import { formatPlace, type SourcePlace } from "./diagnostic.ts"
import { relativePath } from "./relative-path.ts"
import { SchemaError } from "./schema-error.ts"

/** The app's sources with their types: all that the rest of this folder knows of TypeScript's program. */
export class Project {
  readonly program: ts.Program
  readonly checker: ts.TypeChecker
  readonly entry: ts.SourceFile
  /** Directory that places are relative to. */
  readonly root: string

  /**
   * @throws {@link SchemaError} `no_file`, `no_tsconfig`, `type_error`
   */
  constructor(appFile: string) {
    if (!existsSync(appFile)) throw new SchemaError("no_file", `${appFile}: no such file`)
    const configFile = ts.findConfigFile(dirname(appFile), ts.sys.fileExists)
    if (!configFile) {
      throw new SchemaError(
        "no_tsconfig",
        `${appFile}: no tsconfig.json in its folder or above; types need one`,
      )
    }
    const { config, error } = ts.readConfigFile(configFile, ts.sys.readFile)
    if (error) throw new SchemaError("no_tsconfig", ts.flattenDiagnosticMessageText(error.messageText, "\n"))
    this.root = dirname(configFile)
    // Only what the app reaches: the files that the configuration lists need not belong to it.
    const parsed = ts.parseJsonConfigFileContent(
      { ...config, files: [appFile], include: undefined },
      ts.sys,
      this.root,
    )
    const options = {
      ...parsed.options,
      configFilePath: configFile,
      noEmit: true,
      allowImportingTsExtensions: true,
      skipLibCheck: true,
    }
    this.program = ts.createProgram([appFile], options, cachingHost(options))
    this.checker = this.program.getTypeChecker()
    const entry = this.program.getSourceFile(appFile)
    if (!entry) throw new SchemaError("no_file", `${appFile}: not a TypeScript or JavaScript module`)
    this.entry = entry
    this.#refuseErrors()
  }

  /** Where a node stands. */
  place(node: ts.Node): SourcePlace {
    const file = node.getSourceFile()
    return this.#placeAt(file, node.getStart(file))
  }

  #placeAt(file: ts.SourceFile, position: number): SourcePlace {
    const { line, character } = file.getLineAndCharacterOfPosition(position)
    const path = relativePath(this.root, file.fileName)
    return { file: path, line: line + 1, column: character + 1 }
  }

  /** Whether a file is the project's own code, in which routes can be registered. */
  isOwn(file: ts.SourceFile): boolean {
    return !file.isDeclarationFile && !this.program.isSourceFileFromExternalLibrary(file)
  }

  #refuseErrors(): void {
    // What does not parse or resolve has no types; other errors leave types that can be read.
    const [first] = [
      ...this.program.getSyntacticDiagnostics(),
      ...this.program
        .getSourceFiles()
        .filter((file) => this.isOwn(file))
        .flatMap((file) => this.program.getSemanticDiagnostics(file)),
    ]
    if (!first) return
    const text = ts.flattenDiagnosticMessageText(first.messageText, "\n")
    const { file, start } = first
    const where = file && start !== undefined ? formatPlace(this.#placeAt(file, start)) : this.root
    throw new SchemaError(
      "type_error",
      `${where}: the app has a type error, so its types can't be read: ${text}`,
    )
  }
}

/** Name of the app: that of the nearest package.json, else of the folder, as lower case with dashes. */
export function defaultAppName(appFile: string): string {
  const folder = dirname(appFile)
  const near = readName(join(folder, "package.json"))
  const name =
    near ??
    (basename(folder) === "src"
      ? (readName(join(folder, "../package.json")) ?? basename(dirname(folder)))
      : basename(folder))
  return appName(name)
}

/** Makes a name fit for functions and packages. */
export function appName(name: string): string {
  const text = name
    .replace(/^@[^/]*\//, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
  return /^[a-z]/.test(text) ? text : `app-${text}`.replace(/-$/, "")
}

function readName(file: string): string | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")).name
  } catch {
    return undefined
  }
}
