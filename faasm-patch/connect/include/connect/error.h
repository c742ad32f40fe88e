#pragma once

#include <connect/code.h>

#include <string>
#include <vector>

namespace connectrpc {

struct ErrorDetail
{
    // Full name of the message, such as `faasm.rpc.v1.CallError`, without a
    // `type.googleapis.com/`.
    std::string type;
    // The message in protobuf's binary format.
    std::string value;
};

// Why a call failed, as it is told to the client.
struct Error
{
    Code code;
    std::string message;
    std::vector<ErrorDetail> details = {};
};

}
