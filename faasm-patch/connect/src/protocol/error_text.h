#pragma once

#include <connect/error.h>
#include <connect/metadata.h>

#include <optional>
#include <string>

namespace connectrpc::protocol {

// The body of a Connect unary response that failed.
std::string errorJson(const Error& error);

// The last message of a Connect stream.
std::string endStreamJson(const std::optional<Error>& error,
                          const Metadata& trailers);

// google.rpc.Status, for `grpc-status-details-bin`.
std::string grpcStatus(const Error& error);

}
