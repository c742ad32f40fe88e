import { execFile } from "node:child_process"
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, beforeAll, expect, test } from "vitest"
import { packageRoot } from "../../src/package-root.ts"

const run = promisify(execFile)

// What `npm pack` makes, installed in an empty project as a user would.
let project: string

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), "hono-faasm-package-"))
  await run("npm", ["pack", "--pack-destination", project], { cwd: packageRoot })
  const tarball = (await readdir(project)).find((file) => file.endsWith(".tgz"))!
  await writeFile(join(project, "package.json"), JSON.stringify({ name: "shop", type: "module" }))
  await run("npm", ["install", "--prefer-offline", "--no-audit", `./${tarball}`, "hono"], { cwd: project })
  await writeFile(
    join(project, "tsconfig.json"),
    JSON.stringify({ compilerOptions: { strict: true, module: "nodenext" } }),
  )
  await writeFile(
    join(project, "app.ts"),
    `import { Hono } from "hono"
     const app = new Hono()
     app.get("/hello/:name", (c) => c.json({ hello: c.req.param("name") }))
     export default app
     `,
  )
  await writeFile(
    join(project, "run.mjs"),
    `import { offload } from "hono-faasm"
     import { startRuntime } from "hono-faasm/runtime"
     import { buildApp, uploadBuild } from "hono-faasm/build"
     import { register } from "tsx/esm/api"
     register()
     const { default: app } = await import("./app.ts")
     await buildApp({ appFile: "app.ts", outDir: ".hono-faasm", user: "shop", split: "app", optimise: "dev" })
     const runtime = await startRuntime({ slots: 1 })
     await uploadBuild(".hono-faasm", { uploadUrl: runtime.url })
     const offloaded = offload(app, { rpc: runtime.url })
     const response = await offloaded.request("/hello/world")
     console.log(response.status, await response.text())
     await offloaded.gateway.close()
     await runtime.close()
     `,
  )
})

afterAll(() => rm(project, { recursive: true, force: true }))

const cli = (...args: string[]) => run("npx", ["hono-faasm", ...args], { cwd: project })

test("the command line names every command", async () => {
  const { stdout } = await cli("--help")
  for (const command of ["generate", "build", "deploy", "dev", "runtime", "routes", "bench"]) {
    expect(stdout).toContain(command)
  }
})

test("generate, build and routes work", async () => {
  await cli("generate", "app.ts")
  expect(await readdir(join(project, "proto"))).toContain("hono_faasm")
  await cli("build", "app.ts", "--optimise", "dev")
  const { stdout } = await cli("routes")
  expect(stdout).toMatch(/GET\s+\/hello\/:name\s+faasm/)
})

test("the library builds, uploads, and serves a request by a function", async () => {
  const { stdout } = await run("node", ["run.mjs"], { cwd: project })
  expect(stdout.trim()).toBe('200 {"hello":"world"}')
})
