#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace connectrpc::protocol {

// `connect-timeout-ms`: up to 10 digits. Nothing when it is malformed.
std::optional<std::chrono::nanoseconds> parseConnectTimeout(
  std::string_view value);

// `grpc-timeout`: up to 8 digits and a unit.
std::optional<std::chrono::nanoseconds> parseGrpcTimeout(
  std::string_view value);

}
