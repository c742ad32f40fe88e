#pragma once

#include <connect/code.h>
#include <function_service/invoker.h>

namespace function_service {

// The Connect code of a kind of error, as function_service.proto assigns it.
inline connectrpc::Code codeOf(ErrorKind kind)
{
    using connectrpc::Code;
    switch (kind) {
        case ErrorKind::Trap:
            return Code::Internal;
        case ErrorKind::Timeout:
            return Code::DeadlineExceeded;
        case ErrorKind::UnknownFunction:
            return Code::NotFound;
        case ErrorKind::Overloaded:
        case ErrorKind::OutOfMemory:
        case ErrorKind::InputTooLarge:
        case ErrorKind::OutputTooLarge:
            return Code::ResourceExhausted;
        case ErrorKind::Cancelled:
            return Code::Canceled;
        case ErrorKind::Unavailable:
            return Code::Unavailable;
        case ErrorKind::InvalidFunction:
            return Code::FailedPrecondition;
        case ErrorKind::Unspecified:
            break;
    }
    return Code::Unknown;
}

}
