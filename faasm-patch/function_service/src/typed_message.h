#pragma once

#include "json.h"

#include <connect/call.h>

#include <string>

namespace function_service {

// A message in the codec of its call. Throws StreamError.
template<typename Message>
Message decodeMessage(const connectrpc::Call& call, const std::string& bytes)
{
    Message message;
    if (call.codec() == connectrpc::Codec::Json) {
        parseJson(bytes, message);
    } else if (!message.ParseFromString(bytes)) {
        throw StreamError(connectrpc::Code::InvalidArgument,
                          "the message is malformed");
    }
    return message;
}

inline std::string encodeMessage(const connectrpc::Call& call,
                                 const google::protobuf::Message& message)
{
    return call.codec() == connectrpc::Codec::Json
             ? toJson(message)
             : message.SerializeAsString();
}

}
