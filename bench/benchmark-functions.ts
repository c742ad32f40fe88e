/**
 * The functions of `examples/benchmarks` and how much each has to do: natively a few tenths of a millisecond, so that
 * the function as a whole stays within what a hundred requests a second leave on two cores.
 */
const BENCHMARK_FUNCTIONS: Record<string, number> = {
  chaos: 50,
  deltablue: 10,
  fannkuch: 5,
  float: 200,
  go: 1,
  hexiom: 2,
  "json-dumps": 1,
  "json-loads": 1,
  logging: 50,
  mdp: 1,
  nbody: 50,
  pidigits: 50,
  raytrace: 4,
  richards: 1,
  scimark: 3,
  "spectral-norm": 10,
  "unpack-sequence": 200,
}

/** A request for a route. */
export interface BenchRequest {
  path: string
  method: "GET" | "POST" | "PUT"
  headers: Record<string, string>
  body?: string
}

/** A request for each function, by name. */
export const FUNCTION_REQUESTS: Record<string, BenchRequest> = Object.fromEntries(
  Object.entries(BENCHMARK_FUNCTIONS).map(([name, size]) => [name, functionRequest(name, size)]),
)

/** What costs next to nothing itself: all that is left is the way there and back. */
export const EMPTY_REQUEST = functionRequest("unpack-sequence", 1)

function functionRequest(name: string, size: number): BenchRequest {
  return {
    path: `/functions/${name}`,
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ size }),
  }
}
