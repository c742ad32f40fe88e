#pragma once

#include <connect/call.h>

#include <google/protobuf/message.h>
#include <google/protobuf/util/json_util.h>

#include <optional>
#include <string>

namespace conformance {

template<typename Message>
std::optional<Message> decode(const std::string& bytes, connectrpc::Codec codec)
{
    Message message;
    if (codec == connectrpc::Codec::Proto) {
        return message.ParseFromString(bytes) ? std::optional(message)
                                              : std::nullopt;
    }
    google::protobuf::util::JsonParseOptions options;
    options.ignore_unknown_fields = true;
    if (!google::protobuf::util::JsonStringToMessage(bytes, &message, options)
           .ok()) {
        return std::nullopt;
    }
    return message;
}

inline std::string encode(const google::protobuf::Message& message,
                          connectrpc::Codec codec)
{
    if (codec == connectrpc::Codec::Proto) {
        return message.SerializeAsString();
    }
    std::string json;
    // Fails only for an Any of an unknown type; the suite then sees no message.
    (void)google::protobuf::util::MessageToJsonString(message, &json);
    return json;
}

}
