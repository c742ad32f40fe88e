import fc from "fast-check"
import { expect, test } from "vitest"
import { lowerSaturation } from "../../src/faaslet/saturation.ts"
import { wat } from "../runtime/wat.ts"

const KINDS = (["i32", "i64"] as const).flatMap((int) =>
  (["f32", "f64"] as const).flatMap((float) =>
    (["s", "u"] as const).map((sign) => ({ int, float, sign, name: `${int}_${float}_${sign}` })),
  ),
)

const MODULE = `(module
${KINDS.map(
  ({ int, float, sign, name }) =>
    `(func (export "${name}") (param ${float}) (result ${int}) (${int}.trunc_sat_${float}_${sign} (local.get 0)))`,
).join("\n")}
)`

type Exports = Record<string, (value: number) => number | bigint>
const instantiate = (text: string) =>
  new WebAssembly.Instance(new WebAssembly.Module(wat(text))).exports as Exports

test("a lowered conversion gives what the saturating one gives", () => {
  const lowered = lowerSaturation(MODULE)
  expect(lowered).not.toContain("trunc_sat")
  const ours = instantiate(lowered)
  const engines = instantiate(MODULE)
  const powers = [0, 31, 32, 53, 63, 64].flatMap((bits) => {
    const near = [2 ** bits, 2 ** bits - 1, 2 ** bits + 1, 2 ** bits - 0.5, 2 ** bits + 0.5]
    return [...near, ...near.map((value) => -value)]
  })
  const numbers = fc.oneof(
    fc.double(),
    fc.float(),
    fc.maxSafeInteger(),
    fc.constantFrom(...powers, 0, -0, 0.9, -0.9, Number.NaN, Infinity, -Infinity),
  )
  const same = (value: number) => {
    for (const { name } of KINDS)
      expect(ours[name]!(value), `${name} of ${value}`).toBe(engines[name]!(value))
  }
  powers.forEach(same)
  fc.assert(fc.property(numbers, same), { numRuns: 5000 })
})
