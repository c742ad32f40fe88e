/**
 * Lowers the conversions from float to integer that saturate, which a function may not use, to ones that trap.
 *
 * binaryen's own pass for this is for what compilers make of C: it takes the largest integer for one that does not fit,
 * and JavaScript's 2147483647 became -2147483648.
 *
 * @see https://webassembly.github.io/spec/core/exec/numerics.html#op-trunc-sat-s
 *
 * @module
 */

type IntType = "i32" | "i64"
type FloatType = "f32" | "f64"

const BITS = { i32: 32n, i64: 64n } as const

/** Lowers a module, in the text format: calls of functions that it gets take the place of the instructions. */
export function lowerSaturation(wat: string): string {
  const used = new Map<string, string>()
  const lowered = wat.replace(
    /\((i32|i64)\.trunc_sat_(f32|f64)_([su])(?=\s)/g,
    (_, int: IntType, float: FloatType, sign: "s" | "u") => {
      const name = `$saturate_${int}_${float}_${sign}`
      if (!used.has(name)) used.set(name, helper(name, int, float, sign))
      return `(call ${name}`
    },
  )
  const end = lowered.lastIndexOf(")")
  return `${lowered.slice(0, end)}${[...used.values()].join("")}${lowered.slice(end)}`
}

function helper(name: string, int: IntType, float: FloatType, sign: "s" | "u"): string {
  const signed = sign === "s"
  const bits = signed ? BITS[int] - 1n : BITS[int]
  // Powers of two, which both kinds of floats have exactly.
  const beyond = 2n ** bits
  const least = signed ? -beyond : 0n
  return ` (func ${name} (param ${float}) (result ${int})
  (if (result ${int}) (${float}.lt (local.get 0) (${float}.const ${beyond}))
   (then
    (if (result ${int}) (${float}.gt (local.get 0) (${float}.const ${least}))
     (then (${int}.trunc_${float}_${sign} (local.get 0)))
     (else (${int}.const ${least}))))
   (else
    (select (${int}.const ${beyond - 1n}) (${int}.const 0) (${float}.eq (local.get 0) (local.get 0))))))
`
}
