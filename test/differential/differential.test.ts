import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { defaultCases, errorCases } from "./cases/errors.ts"
import { inputCases } from "./cases/inputs.ts"
import { middlewareCases } from "./cases/middleware.ts"
import { orderCases } from "./cases/orders.ts"
import { outputCases } from "./cases/outputs.ts"
import { numberCases, openObjectCases, recursiveCases, tupleCases } from "./cases/shapes.ts"
import { unionCases } from "./cases/unions.ts"
import { expectSame } from "./compare.ts"
import { type Subject, startSubject } from "./harness.ts"
import { type RequestCase, toRequest } from "./request-case.ts"

interface Suite {
  file: string
  /** A function per route, instead of one for the app. */
  split?: "route"
  cases: RequestCase[]
  /** The routes that have to stay in the gateway. */
  local: string[]
}

const suites: Suite[] = [
  { file: "./apps/inputs.ts", cases: inputCases, local: [] },
  { file: "./apps/outputs.ts", cases: outputCases, local: [] },
  { file: "./apps/unions.ts", cases: unionCases, local: [] },
  { file: "../schema/fixtures/tuples/app.ts", cases: tupleCases, local: [] },
  { file: "../schema/fixtures/open-objects/app.ts", cases: openObjectCases, local: [] },
  { file: "../schema/fixtures/recursive/app.ts", cases: recursiveCases, local: [] },
  { file: "../schema/fixtures/numbers/app.ts", cases: numberCases, local: [] },
  { file: "./apps/errors.ts", cases: errorCases, local: [] },
  { file: "./apps/defaults.ts", cases: defaultCases, local: [] },
  { file: "./apps/defaults.ts", split: "route", cases: defaultCases, local: [] },
  { file: "./apps/middleware.ts", cases: middlewareCases, local: [] },
  {
    file: "../../examples/orders/app.ts",
    cases: orderCases,
    local: ["GET /api/desk/host", "POST /api/desk/bell"],
  },
]

it("has at least 150 cases", () => {
  expect(suites.flatMap(({ cases }) => cases).length).toBeGreaterThanOrEqual(150)
})

describe.each(suites)("$file, split $split", ({ file, split, cases, local }) => {
  let subject: Subject
  beforeAll(async () => {
    // Hono's own onError writes there.
    vi.spyOn(console, "error").mockReturnValue()
    subject = await startSubject(file, split)
    // A Faasm's upload server compiles each function.
  }, 600_000)
  afterAll(() => subject?.close())

  it("keeps only those routes local that need to be", () => {
    const stay = subject.manifest.routes.filter((route) => route.function === null)
    expect(stay.map(({ method, path }) => `${method} ${path}`)).toEqual(local)
  })

  describe.each(["rpc", "planner"] as const)("by %s", (way) => {
    it.each(cases)("$request", async (request) => {
      const native = await subject.native.fetch(toRequest(request))
      subject.takeEvents()
      const offloaded = await subject[way].fetch(toRequest(request))
      await expectSame(native, offloaded, request)
      // Nothing but what the case expects went another way, or failed.
      for (const event of subject.takeEvents()) {
        expect(event).toMatchObject({ way: request.runsLocally ? "local" : way })
      }
    })
  })
})
