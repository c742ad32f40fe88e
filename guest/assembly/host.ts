// What the host of a function provides: Faasm's two calls and a part of WASI.

@external("env", "__faasm_read_input") export declare function readInput(ptr: usize, len: i32): i32
@external("env", "__faasm_write_output") export declare function writeOutput(ptr: usize, len: i32): void
@external("wasi_snapshot_preview1", "clock_time_get") declare function clock_time_get(id: i32, precision: i64, out: usize): i32
@external("wasi_snapshot_preview1", "fd_write") declare function fd_write(fd: i32, iovs: usize, count: i32, written: usize): i32
@external("wasi_snapshot_preview1", "random_get") export declare function random_get(ptr: usize, len: i32): i32

@inline const CLOCK_MONOTONIC: i32 = 1

// 24 bytes for results and arguments of the calls here.
let cell: usize = 0

export function attachHost(memory: usize): void {
  cell = memory
}

/** Nanoseconds that only go forward. */
export function monotonicNow(): u64 {
  clock_time_get(CLOCK_MONOTONIC, 1000, cell)
  return load<u64>(cell)
}

/** Writes all of it, or gives up when the host takes nothing. */
export function writeFile(fd: i32, ptr: usize, len: usize): void {
  while (len > 0) {
    store<u32>(cell, u32(ptr))
    store<u32>(cell, u32(len), 4)
    if (fd_write(fd, cell, 1, cell + 8) != 0) return
    const written = load<u32>(cell, 8)
    if (written == 0 || written > u32(len)) return
    ptr += written
    len -= written
  }
}

export function randomSeed(): u64 {
  random_get(cell, 8)
  return load<u64>(cell)
}
