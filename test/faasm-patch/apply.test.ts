import { execFileSync, spawnSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"

const FAASM_PATCH = join(import.meta.dirname, "../../faasm-patch")

describe.each(["faasm", "faabric"])("%s.patch", (name) => {
  const lines = readFileSync(join(FAASM_PATCH, "planner", `${name}.patch`), "utf8").split("\n")

  it("only adds lines, and quotes none of the original", () => {
    const allowed = /^(\+|--- |diff --git |@@ -\d+,0 \+\d+(,\d+)? @@$|$)/
    expect(lines.filter((line) => !allowed.test(line))).toEqual([])
  })
})

describe("apply", () => {
  let root: string
  let faasm: string
  let faabric: string

  /** A stand-in for each repository, and an `apply` that is for their commits. */
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "apply-"))
    faasm = join(root, "checkout")
    faabric = join(faasm, "faabric")
    const commits = {
      faasm: makeRepository(faasm, { "src/a.cpp": "one\ntwo\n" }),
      faabric: makeRepository(faabric, { "src/b.cpp": "three\nfour\n" }),
    }
    write(
      "project/faasm-patch/apply",
      readFileSync(join(FAASM_PATCH, "apply"), "utf8")
        .replace('"532810988"', `"${commits.faasm}"`)
        .replace('"5497d057bc0582680d103ae85fe5ce5ca94e46dd"', `"${commits.faabric}"`),
    )
    write("project/faasm-patch/planner/faasm.patch", addition("src/a.cpp", 1, "mended"))
    write("project/faasm-patch/planner/faabric.patch", addition("src/b.cpp", 2, "joined"))
    write("project/faasm-patch/planner/faasm/include/ours.h", "ours")
    write("project/faasm-patch/connect/src/server.cpp", "server")
    write("project/faasm-patch/connect/tests/main.cpp", "left out")
    write("project/proto/faasm/rpc/v1/service.proto", "proto")
  })

  afterEach(() => rmSync(root, { recursive: true }))

  it("patches both, and puts the new files in their places", () => {
    expect(apply()).toMatchObject({ status: 0, stdout: "applied\n" })
    expect(readFileSync(join(faasm, "src/a.cpp"), "utf8")).toBe("one\nmended\ntwo\n")
    expect(readFileSync(join(faabric, "src/b.cpp"), "utf8")).toBe("three\nfour\njoined\n")
    expect(existsSync(join(faasm, "include/ours.h"))).toBe(true)
    expect(existsSync(join(faabric, "hono_faasm/native/connect/src/server.cpp"))).toBe(true)
    expect(existsSync(join(faabric, "hono_faasm/native/connect/tests"))).toBe(false)
    expect(existsSync(join(faabric, "hono_faasm/proto/faasm/rpc/v1/service.proto"))).toBe(true)
  })

  it("does the same when it is applied again", () => {
    apply()
    expect(apply()).toMatchObject({ status: 0, stdout: "applied\n" })
    expect(readFileSync(join(faasm, "src/a.cpp"), "utf8")).toBe("one\nmended\ntwo\n")
  })

  it("says whether it is applied", () => {
    expect(apply("--check")).toMatchObject({ status: 1, stdout: "not applied\n" })
    apply()
    expect(apply("--check")).toMatchObject({ status: 0, stdout: "applied\n" })
    rmSync(join(faasm, "include/ours.h"))
    expect(apply("--check").status).toBe(2)
  })

  it("takes everything out again", () => {
    apply()
    expect(apply("--revert")).toMatchObject({ status: 0, stdout: "reverted\n" })
    expect(git(faabric, "status", "--porcelain")).toBe("")
    expect(git(faasm, "status", "--porcelain", "--ignored", "--", "src", "include")).toBe("")
    expect(apply("--revert").status).toBe(0)
  })

  it("refuses another commit, and says which is wanted", () => {
    git(faabric, "commit", "--quiet", "--allow-empty", "-m", "later")
    const { status, stderr } = apply()
    expect(status).toBe(3)
    expect(stderr).toContain("but the patch is for faabric")
  })

  it("refuses files that have been changed, for it would not see where it goes", () => {
    writeFileSync(join(faasm, "src/a.cpp"), "zero\none\ntwo\n")
    const { status, stderr } = apply()
    expect(status).toBe(3)
    expect(stderr).toContain("src/a.cpp has been changed")
    expect(readFileSync(join(faabric, "src/b.cpp"), "utf8")).toBe("three\nfour\n")
  })

  it("refuses a folder that is no checkout", () => {
    rmSync(join(faabric, ".git"), { recursive: true })
    rmSync(join(faasm, ".git"), { recursive: true })
    expect(apply()).toMatchObject({ status: 3 })
  })

  function apply(...flags: string[]) {
    return spawnSync("python3", [join(root, "project/faasm-patch/apply"), faasm, ...flags], {
      encoding: "utf8",
    })
  }

  function write(path: string, text: string): void {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
})

function makeRepository(folder: string, files: Record<string, string>): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  git(folder, "init", "--quiet")
  git(folder, "config", "user.name", "Test")
  git(folder, "config", "user.email", "test@example.com")
  git(folder, "add", ...Object.keys(files))
  git(folder, "commit", "--quiet", "-m", "first")
  return git(folder, "rev-parse", "HEAD").trim()
}

function git(folder: string, ...args: string[]): string {
  return execFileSync("git", ["-C", folder, ...args], { encoding: "utf8" })
}

function addition(path: string, after: number, line: string): string {
  return [
    `diff --git a/${path} b/${path}`,
    `--- a/${path}`,
    `+++ b/${path}`,
    `@@ -${after},0 +${after + 1} @@`,
    `+${line}`,
    "",
  ].join("\n")
}
