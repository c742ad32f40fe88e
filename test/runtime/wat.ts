import wabt from "wabt"

const parser = await wabt()

/** Compiles WebAssembly text. */
export function wat(text: string): Uint8Array {
  const module = parser.parseWat("test.wat", text, {
    bulk_memory: true,
    simd: true,
    sign_extension: true,
    mutable_globals: true,
    sat_float_to_int: true,
    reference_types: true,
  })
  try {
    return module.toBinary({}).buffer
  } finally {
    module.destroy()
  }
}

/** A function that does what `body` says with its input, which lies at address 1024 with its length in local 0. */
export function guest(body: string, rest = ""): Uint8Array {
  return wat(`(module
    (import "env" "__faasm_read_input" (func $read (param i32 i32) (result i32)))
    (import "env" "__faasm_write_output" (func $write (param i32 i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 4 4)
    ${rest}
    (func (export "_start") (local $n i32) (local $i i32)
      (local.set $n (call $read (i32.const 1024) (i32.const 131072)))
      ${body}))`)
}

/** Answers its input. */
export const ECHO = guest("(call $write (i32.const 1024) (local.get $n))")
