#pragma once

#include <faabric/proto/faabric.pb.h>
#include <function_service/invoker.h>

namespace hono_faasm {

// What a worker's, or the planner's, result message means to a caller.
decltype(function_service::Outcome::result) toResult(
  const faabric::Message& result);

}
