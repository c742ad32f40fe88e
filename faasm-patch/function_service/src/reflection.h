#pragma once

#include <connect/call.h>

#include <memory>

namespace function_service {

// Server reflection, grpc.reflection.v1 and v1alpha: the same messages under
// two names.
std::shared_ptr<connectrpc::CallHandler> reflectV1(
  std::shared_ptr<connectrpc::Call> call);

std::shared_ptr<connectrpc::CallHandler> reflectV1Alpha(
  std::shared_ptr<connectrpc::Call> call);

}
