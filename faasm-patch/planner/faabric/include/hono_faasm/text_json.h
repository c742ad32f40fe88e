#pragma once

#include <google/protobuf/message.h>
#include <google/protobuf/util/json_util.h>

#include <string>

// JSON of the planner's HTTP API. A message's output is bytes on the wire, so
// that it need not be text; in JSON it stays the text that it was before. An
// output that is no UTF-8, which had no JSON at all, is in base64, and so are
// the other outputs of the same answer. Thread-safe.
namespace hono_faasm {

google::protobuf::util::Status toJson(
  const google::protobuf::Message& message,
  std::string* json,
  const google::protobuf::util::JsonOptions& options);

google::protobuf::util::Status fromJson(const std::string& json,
                                        google::protobuf::Message* message);

}
