#pragma once

#include <memory>

namespace hono_faasm {

// Serves faasm.rpc.v1.FunctionService over this process's planner, as the
// environment variables FUNCTION_SERVICE_* say, until what it returns is
// destroyed: then it drains. Null when FUNCTION_SERVICE_PORT is not set.
// Throws when a variable has no valid value, or the port can't be had.
std::shared_ptr<void> startFunctionService();

}
