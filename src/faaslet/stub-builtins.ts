import { builtinModules } from "node:module"
import type { Plugin } from "esbuild"

const builtins = new Set(builtinModules)

/**
 * Puts a stand-in where an app imports one of Node's own modules. It lets everything be done with it while the
 * app is loaded, since code of routes that stay local is loaded too, and throws when a request uses it.
 */
export const stubBuiltins: Plugin = {
  name: "stub-builtins",
  setup(build) {
    build.onResolve({ filter: /^(node:|bun:|cloudflare:)?[a-z_]+(\/[a-z_]+)*$/ }, ({ path }) => {
      const name = path.replace(/^node:/, "")
      const isBuiltin = path.includes(":") || builtins.has(name)
      return isBuiltin ? { path: path.includes(":") ? path : `node:${name}`, namespace: "stub" } : undefined
    })
    build.onLoad({ filter: /.*/, namespace: "stub" }, ({ path }) => ({
      // CommonJS, so that any name can be imported: each is looked up in the stand-in.
      contents: `module.exports = Object.create(__honoFaasmStub(${JSON.stringify(path)}))`,
      loader: "js",
    }))
  },
}
