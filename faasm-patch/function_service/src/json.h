#pragma once

#include "stream_error.h"

#include <google/protobuf/message.h>
#include <google/protobuf/util/json_util.h>

#include <string>
#include <string_view>

namespace function_service {

// Clients of a newer contract may send fields that this one does not have.
inline void parseJson(std::string_view json, google::protobuf::Message& message)
{
    google::protobuf::util::JsonParseOptions options;
    options.ignore_unknown_fields = true;
    const auto status = google::protobuf::util::JsonStringToMessage(
      { json.data(), json.size() }, &message, options);
    if (!status.ok()) {
        throw StreamError(connectrpc::Code::InvalidArgument,
                          "the message is not JSON of its type");
    }
}

inline std::string toJson(const google::protobuf::Message& message)
{
    std::string json;
    const auto status =
      google::protobuf::util::MessageToJsonString(message, &json);
    if (!status.ok()) {
        throw StreamError(connectrpc::Code::Internal,
                          "the message can't be written as JSON");
    }
    return json;
}

}
