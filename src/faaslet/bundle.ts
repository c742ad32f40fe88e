import { existsSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { type BuildFailure, build, type Message, type Plugin } from "esbuild"
import { packageRoot } from "../package-root.ts"
import { BuildError } from "./build-error.ts"
import { stubBuiltins } from "./stub-builtins.ts"
import { zodImports } from "./zod-imports.ts"

/** What {@link bundleApp} takes. */
export interface BundleOptions {
  /** The module whose default export is the Hono app. */
  appFile: string
}

/** An app ready for the guest's engine. */
export interface Bundle {
  /** A script: polyfills, the app with everything it imports, and `globalThis.__honoFaasm`. */
  code: string
  /** Absolute paths of the files it was made of, sorted. */
  inputs: string[]
}

const guestDir = join(packageRoot, "guest", "js")

/**
 * Bundles an app for the guest.
 *
 * Node's own modules become stand-ins that throw when a request uses them. The same files give the same text,
 * wherever the project lies.
 *
 * @throws {@link BuildError} `app_not_found`, `bundle_failed`
 */
export async function bundleApp({ appFile }: BundleOptions): Promise<Bundle> {
  const app = resolve(appFile)
  if (!existsSync(app)) throw new BuildError("app_not_found", `there is no file ${appFile}`)
  const root = projectRoot(dirname(app))
  try {
    const result = await build({
      stdin: {
        contents: [
          `import { install } from ${JSON.stringify(join(guestDir, "entry.ts"))}`,
          `import app from ${JSON.stringify(app)}`,
          "install(app)",
        ].join("\n"),
        resolveDir: root,
        sourcefile: "function.js",
      },
      absWorkingDir: root,
      bundle: true,
      write: false,
      metafile: true,
      format: "iife",
      platform: "neutral",
      target: "es2023",
      mainFields: ["module", "main"],
      conditions: ["worker", "browser", "module", "import", "default"],
      charset: "utf8",
      legalComments: "none",
      logLevel: "silent",
      keepNames: true,
      define: { "process.env.NODE_ENV": '"production"' },
      inject: [join(guestDir, "process.ts")],
      plugins: [stubBuiltins, zodImports, appsHono(dirname(app))],
    })
    const code = withoutDepth(result.outputFiles[0]!.text)
    const inputs = Object.keys(result.metafile.inputs)
      .filter((input) => !input.includes(":") && input !== "function.js")
      .map((input) => resolve(root, input))
      .sort()
    return { code, inputs }
  } catch (cause) {
    const messages = (cause as BuildFailure).errors ?? []
    if (messages.length === 0) throw cause
    throw new BuildError("bundle_failed", messages.map(explain).join("\n"), { cause })
  }
}

/**
 * Takes away how far above the project packages lie, from the names that the bundler gives to modules: in comments
 * and as the keys of wrapped modules.
 */
function withoutDepth(code: string): string {
  return code.replace(
    /^(\s*)(\/\/ |")(?:\.\.\/)+(?:[^"\n]*\/)?(node_modules|guest\/js)(\/[^"\n]*)($|"\()/gm,
    "$1$2$3$4$5",
  )
}

/** The guest's side uses the same copy of Hono as the app, whichever that is. */
function appsHono(appDir: string): Plugin {
  return {
    name: "apps-hono",
    setup(build) {
      build.onResolve({ filter: /^hono(\/|$)/ }, ({ path, importer, kind, pluginData }) => {
        if (pluginData === appsHono || !importer.startsWith(guestDir)) return
        return build.resolve(path, { resolveDir: appDir, kind, pluginData: appsHono })
      })
    },
  }
}

/** The nearest directory above with a package.json, for paths that do not depend on where the project lies. */
function projectRoot(start: string): string {
  for (let dir = start; dirname(dir) !== dir; dir = dirname(dir)) {
    if (existsSync(join(dir, "package.json"))) return dir
  }
  return start
}

function explain({ text, location }: Message): string {
  const noDefault = /^No matching export in "(.*)" for import "default"$/.exec(text)
  if (noDefault && location?.file === "function.js") {
    return `${noDefault[1]}: there is no default export; export the Hono app`
  }
  const place = location ? `${location.file}:${location.line}: ` : ""
  const hint = text.startsWith("Top-level await")
    ? "; await at the top of a module can't be in a function: move it into the handlers that need it"
    : ""
  return `${place}${text}${hint}`
}
