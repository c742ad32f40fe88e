#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

// Not `connect`: that is POSIX's function of the global namespace.
namespace connectrpc {

// The status codes of Connect and gRPC; the numbers are gRPC's.
// https://connectrpc.com/docs/protocol#error-codes
enum class Code : uint8_t
{
    Canceled = 1,
    Unknown = 2,
    InvalidArgument = 3,
    DeadlineExceeded = 4,
    NotFound = 5,
    AlreadyExists = 6,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    FailedPrecondition = 9,
    Aborted = 10,
    OutOfRange = 11,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
    DataLoss = 15,
    Unauthenticated = 16,
};

// As Connect spells it in JSON, such as `deadline_exceeded`.
std::string_view codeName(Code code);

std::optional<Code> codeFromName(std::string_view name);

// The HTTP status of a Connect unary response that fails with `code`.
int httpStatusOf(Code code);

}
