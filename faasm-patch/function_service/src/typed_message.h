#pragma once

#include "stream_error.h"

#include <connect/typed.h>

#include <string>
#include <utility>

namespace function_service {

// A message in a codec. Throws StreamError.
template<typename Message>
Message decodeMessage(const std::string& bytes, connectrpc::Codec codec)
{
    auto message = connectrpc::decode<Message>(bytes, codec);
    if (!message) {
        throw StreamError(connectrpc::Code::InvalidArgument,
                          "the message is not a " +
                            Message::descriptor()->full_name());
    }
    return std::move(*message);
}

}
