import { wat } from "./wat.ts"

/** Bytes of one step of the scribbler's program: which way to store, where, how much, what. */
const STEP_BYTES = 16

/** How many ways of storing the scribbler has. */
const WAYS = 16

/**
 * A function that runs its input as a program of stores of every kind, anywhere in its memory. It traps
 * if it finds anything in its globals that a call before has left.
 */
export function scribbler({ min, max }: { min: number; max: number }): Uint8Array {
  const ways = [
    "(i32.store8 (local.get $at) (local.get $value))",
    "(i32.store16 (local.get $at) (local.get $value))",
    "(i32.store (local.get $at) (local.get $value))",
    "(i64.store (local.get $at) (i64.extend_i32_u (local.get $value)))",
    "(f32.store offset=3 (local.get $at) (f32.reinterpret_i32 (local.get $value)))",
    "(f64.store offset=4093 (local.get $at) (f64.convert_i32_s (local.get $value)))",
    "(i64.store8 offset=1 (local.get $at) (i64.const 255))",
    "(i64.store16 offset=65535 (local.get $at) (i64.const -1))",
    "(i64.store32 (local.get $at) (i64.const -1))",
    "(v128.store offset=7 (local.get $at) (i32x4.splat (local.get $value)))",
    "(v128.store32_lane offset=2 3 (local.get $at) (i32x4.splat (local.get $value)))",
    "(memory.fill (local.get $at) (local.get $value) (local.get $length))",
    "(memory.copy (local.get $at) (local.get $value) (local.get $length))",
    "(memory.init $passive (local.get $at) (i32.const 2) (i32.and (local.get $length) (i32.const 15)))",
    "(drop (call $random (local.get $at) (local.get $length)))",
    `(global.set $i32 (local.get $value)) (global.set $i64 (i64.const -5))
     (global.set $f32 (f32.const nan:0x200001)) (global.set $f64 (f64.const -0)) (global.set $v128 (i32x4.splat (local.get $at)))`,
  ]
  const branches = ways
    .map((way, index) => `(if (i32.eq (local.get $way) (i32.const ${index})) (then ${way}))`)
    .join("\n")
  return wat(`(module
    (import "env" "__faasm_read_input" (func $read (param i32 i32) (result i32)))
    (import "env" "__faasm_write_output" (func $write (param i32 i32)))
    (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
    (memory (export "memory") ${min} ${max})
    (global $i32 (mut i32) (i32.const 77))
    (global $i64 (mut i64) (i64.const -9007199254740993))
    (global $f32 (mut f32) (f32.const nan:0x200000))
    (global $f64 (mut f64) (f64.const 0.1))
    (global $v128 (mut v128) (v128.const i32x4 1 2 3 4))
    (global $constant i32 (i32.const 5))
    (data (i32.const 16) "the quick brown fox")
    (data (i32.const 65530) "across the end of a page")
    (data $passive "0123456789abcdefghijklmnopqrstuvwxyz")
    (func $check
      (if (i32.ne (global.get $i32) (i32.const 77)) (then unreachable))
      (if (i64.ne (global.get $i64) (i64.const -9007199254740993)) (then unreachable))
      (if (i32.ne (i32.reinterpret_f32 (global.get $f32)) (i32.const 0x7fa00000)) (then unreachable))
      (if (f64.ne (global.get $f64) (f64.const 0.1)) (then unreachable))
      (if (i32.ne (i32x4.extract_lane 3 (global.get $v128)) (i32.const 4)) (then unreachable)))
    (func (export "_start") (local $step i32) (local $end i32) (local $way i32) (local $at i32) (local $length i32) (local $value i32)
      (call $check)
      (local.set $step (i32.const 8192))
      (local.set $end (i32.add (local.get $step) (call $read (local.get $step) (i32.const 4096))))
      (call $write (i32.const 16) (i32.const 19))
      (block $done (loop $next
        (br_if $done (i32.ge_u (local.get $step) (local.get $end)))
        (local.set $way (i32.load8_u (local.get $step)))
        (local.set $at (i32.load offset=4 (local.get $step)))
        (local.set $length (i32.load offset=8 (local.get $step)))
        (local.set $value (i32.load offset=12 (local.get $step)))
        ${branches}
        (local.set $step (i32.add (local.get $step) (i32.const ${STEP_BYTES})))
        (br $next)))))`)
}

/** A random program. Most addresses lie in a memory of so many bytes; some do not, and trap. */
export function randomProgram(random: () => number, memoryBytes: number): Uint8Array {
  const steps = 1 + Math.floor(random() * 12)
  const program = Buffer.alloc(steps * STEP_BYTES)
  for (let step = 0; step < steps; step++) {
    const way = Math.floor(random() * WAYS)
    const at =
      random() < 0.3 ? nearCardEnd(random, memoryBytes) : Math.floor(random() * (memoryBytes - 70000))
    program.writeUInt8(way, step * STEP_BYTES)
    program.writeUInt32LE(
      random() < 0.004 ? 0xffffffff - Math.floor(random() * 100000) : at,
      step * STEP_BYTES + 4,
    )
    program.writeUInt32LE(Math.floor(random() * random() * 20000), step * STEP_BYTES + 8)
    program.writeUInt32LE(Math.floor(random() * (memoryBytes - 20000)), step * STEP_BYTES + 12)
  }
  return program
}

/** Just before or after a multiple of 4096, where stores cross from one card to the next. */
function nearCardEnd(random: () => number, memoryBytes: number): number {
  const card = Math.floor((random() * (memoryBytes - 70000)) / 4096)
  return Math.max(0, card * 4096 - 20 + Math.floor(random() * 24))
}

/** A small seeded generator (mulberry32), so that a failure can be repeated. */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
