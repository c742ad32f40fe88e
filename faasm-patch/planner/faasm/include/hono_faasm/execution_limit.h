#pragma once

#include <aot_runtime.h>
#include <wasm_export.h>

#include <chrono>
#include <cstdint>

namespace hono_faasm {

// The exception of a run that took too long. The planner looks for it.
inline constexpr const char* TIME_LIMIT_EXCEPTION = "time limit exceeded";

// While it lives, this thread's run of the instance is ended, as by a trap,
// once the limit is over. WAMR's own termination is compiled only into modules
// with shared memory; so a watchdog signals the thread, and the handler leaves
// the function when, and only when, it is compiled WebAssembly that was
// interrupted: never the host's C++. A run that stays in the host is signalled
// again until it is back.
//
// Made and destroyed by the thread that runs the function.
class ExecutionLimit
{
  public:
    // No limit when it is not positive.
    ExecutionLimit(wasm_module_inst_t instance, int64_t limitMs);

    ~ExecutionLimit();

    ExecutionLimit(const ExecutionLimit&) = delete;
    ExecutionLimit& operator=(const ExecutionLimit&) = delete;

  private:
    bool limited = false;
};

}
