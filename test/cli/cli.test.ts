import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { afterAll, expect, test } from "vitest"
import { packageRoot } from "../../src/package-root.ts"

const dir = mkdtempSync(join(tmpdir(), "hono-faasm-cli-"))
const children = new Set<ChildProcess>()

afterAll(() => {
  for (const child of children) child.kill("SIGKILL")
  rmSync(dir, { recursive: true, force: true })
})

function start(...args: string[]) {
  const main = join(packageRoot, "src/cli/main.ts")
  const child = spawn(process.execPath, ["--import", "tsx", main, ...args], { cwd: packageRoot })
  children.add(child)
  let output = ""
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      output += chunk
    })
  }
  const ended = once(child, "exit").then(([code]) => {
    children.delete(child)
    return { code, output }
  })
  return { child, ended, output: () => output }
}

const failures: [string, string[], RegExp][] = [
  ["an unknown command", ["deplyo"], /unknown command 'deplyo'/],
  ["an unknown flag", ["runtime", "--prot", "1"], /unknown option '--prot'/],
  ["a port that is none", ["runtime", "--port", "99999"], /whole number from 0 to 65535/],
  ["an app that does not exist", ["generate", "nowhere/app.ts"], /nowhere\/app\.ts: no such file/],
  ["a route that is none", ["build", "examples/orders/app.ts", "--local", "cart"], /takes a route such as/],
  ["a build that does not exist", ["routes", "--build", "nowhere"], /no build there/],
  ["a gateway that does not run", ["routes", "--live", "http://127.0.0.1:9"], /no answer/],
  ["an experiment that does not exist", ["bench", "speed"], /no experiment 'speed'/],
  [
    "a half address of a Faasm",
    ["dev", "examples/orders/app.ts", "--rpc", "http://127.0.0.1:9"],
    /--upload-url/,
  ],
]

for (const [name, args, message] of failures) {
  test(`${name} is refused with a message`, async () => {
    const { code, output } = await start(...args).ended
    expect(output).toMatch(message)
    expect(output).not.toMatch(/^\s+at /m)
    expect(code).toBe(1)
  })
}

test("an app without a default export is refused with a message", async () => {
  writeFileSync(join(dir, "tsconfig.json"), "{}")
  writeFileSync(join(dir, "app.ts"), "export const app = 1\n")
  const { code, output } = await start("generate", join(dir, "app.ts"), "--out", join(dir, "proto")).ended
  expect(output).toMatch(/app\.ts.*default export/)
  expect(code).toBe(1)
})

/** Writes a project of one file, and returns that. */
function writeProject(name: string, body: string): string {
  const project = join(dir, name)
  if (!existsSync(project)) {
    mkdirSync(project)
    symlinkSync(join(packageRoot, "node_modules"), join(project, "node_modules"))
    writeFileSync(
      join(project, "tsconfig.json"),
      '{ "compilerOptions": { "strict": true, "skipLibCheck": true, "types": [] } }',
    )
  }
  const file = join(project, "app.ts")
  writeFileSync(
    file,
    `import { Hono } from "hono"\nexport default new Hono().get("/", (c) => c.json(${body}))\n`,
  )
  return file
}

test("generate writes once, and then nothing while nothing changes", async () => {
  const app = writeProject("once", "{ a: 1 }")
  const args = ["generate", app, "--name", "once", "--out", join(dir, "once/proto")]
  expect((await start(...args).ended).output).toMatch(/once\.proto/)
  const again = await start(...args).ended
  expect(again).toMatchObject({ code: 0 })
  expect(again.output).toMatch(/nothing has changed/)
})

test("generate --check finds what is not up to date, and writes nothing", async () => {
  const out = join(dir, "checked/proto")
  const args = ["generate", writeProject("checked", "{ a: 1 }"), "--name", "checked", "--out", out]
  const missing = await start(...args, "--check").ended
  expect(missing.output).toMatch(/not up to date: .*checked\.proto/)
  expect(missing.code).toBe(1)
  expect(existsSync(out)).toBe(false)
  await start(...args).ended
  expect(await start(...args, "--check").ended).toMatchObject({ code: 0 })
})

test("generate --strict takes warnings as errors, and --json tells tools of them", async () => {
  const out = join(dir, "strict")
  const args = ["generate", "test/schema/fixtures/unmapped/app.ts", "--name", "unmapped", "--out", out]
  const strict = await start(...args, "--strict").ended
  expect(strict.output).toMatch(/error: .*app\.ts:\d+:\d+: GET \/big: .*\[unmapped_type\]/)
  expect(strict.code).toBe(1)
  expect(existsSync(out)).toBe(false)
  const { code, output } = await start(...args, "--json").ended
  expect(code).toBe(0)
  const { routes, typedBodies, jsonBodies, diagnostics, files } = JSON.parse(output)
  expect(routes).toBe(11)
  expect(typedBodies + jsonBodies).toBeGreaterThan(11)
  expect(diagnostics[0]).toMatchObject({ code: "unknown_path", source: { line: expect.any(Number) } })
  expect(files.join()).toMatch(/unmapped\.proto/)
})

test("generate --watch writes again when a source changes, also after a mistake", async () => {
  const write = (body: string) => writeProject("watched", body)
  const app = write("{ a: 1 }")
  const out = join(dir, "watched/proto")
  const watching = start("generate", app, "--name", "watched", "--out", out, "--watch")
  const until = (done: () => boolean) => expect.poll(done).toBe(true)
  const waits = () => watching.output().split("waiting for changes").length - 1
  await until(() => waits() > 0)
  write("nothing")
  await until(() => /error: .*nothing/.test(watching.output()) && waits() > 1)
  write("{ a: 1, b: 2 }")
  // What is written may be seen twice: when the file has been emptied, and when it is complete.
  await until(() => /double b = 2/.test(readFileSync(join(out, "watched/v1/watched.proto"), "utf8")))
  watching.child.kill("SIGINT")
  expect(await watching.ended).toMatchObject({ code: 0 })
})

test("dev serves the app by functions, and Ctrl-C ends it cleanly", async () => {
  const dev = start("dev", "examples/orders/app.ts", "--port", "0", "--out", join(dir, "build"))
  const url = await listening(dev.child)
  expect(dev.output()).toMatch(/GET\s+\/api\/products\s+faasm/)
  expect(dev.output()).toMatch(/GET\s+\/api\/desk\/host\s+local.*node:os/)
  const response = await fetch(`${url}/api/products?tag=book`)
  expect(response.status).toBe(200)
  expect(await response.json()).toMatchObject({ count: 1 })
  const live = await start("routes", "--live", url).ended
  expect(live.output).toMatch(/GET\s+\/api\/products\s+orders\s+1\s+0\s+0\s+0/)
  dev.child.kill("SIGINT")
  expect(await dev.ended).toMatchObject({ code: 0 })
})

test("a port that is taken is named", async () => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as { port: number }
  try {
    const dev = start("dev", "examples/orders/app.ts", "--port", `${port}`, "--out", join(dir, "build"))
    const { code, output } = await dev.ended
    expect(output).toMatch(`port ${port} of 127.0.0.1 is in use`)
    expect(code).toBe(1)
    const runtime = await start("runtime", "--port", `${port}`).ended
    expect(runtime.output).toMatch(/in use/)
    expect(runtime.code).toBe(1)
  } finally {
    server.close()
  }
})

async function listening(child: ChildProcess): Promise<string> {
  for await (const line of createInterface(child.stdout!)) {
    const match = /^listening on (\S+)$/.exec(line)
    if (match) return match[1]!
  }
  throw new Error("it ended before it listened")
}
