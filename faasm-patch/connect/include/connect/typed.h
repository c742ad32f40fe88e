#pragma once

#include <connect/call.h>

#include <google/protobuf/message.h>
#include <google/protobuf/util/json_util.h>

#include <optional>
#include <string>
#include <utility>

// Protobuf messages over the library's bytes. Headers only: what does not use
// them does not link protobuf.
namespace connectrpc {

// Nothing when the bytes are not a message of the type. Fields that the type
// does not have are passed over, as clients of a newer schema may send them.
template<typename Message>
std::optional<Message> decode(const std::string& bytes, Codec codec)
{
    Message message;
    if (codec == Codec::Proto) {
        return message.ParseFromString(bytes)
                 ? std::optional(std::move(message))
                 : std::nullopt;
    }
    google::protobuf::util::JsonParseOptions options;
    options.ignore_unknown_fields = true;
    const auto status =
      google::protobuf::util::JsonStringToMessage(bytes, &message, options);
    return status.ok() ? std::optional(std::move(message)) : std::nullopt;
}

// Empty when JSON has no form for the message: an Any of an unknown type.
inline std::string encode(const google::protobuf::Message& message, Codec codec)
{
    if (codec == Codec::Proto) {
        return message.SerializeAsString();
    }
    std::string json;
    const auto status =
      google::protobuf::util::MessageToJsonString(message, &json);
    return status.ok() ? json : std::string();
}

inline ErrorDetail detailOf(const google::protobuf::Message& message)
{
    return { message.GetTypeName(), message.SerializeAsString() };
}

// A handler of messages instead of bytes. A message that can't be decoded ends
// the call with invalid_argument.
//
// Not thread-safe: it is used on the connection's strand, as CallHandler is
// called there. Who answers from another thread keeps call().
template<typename Request, typename Response>
class TypedHandler : public CallHandler
{
  public:
    explicit TypedHandler(std::shared_ptr<Call> call)
      : theCall(std::move(call))
    {}

    virtual void onRequest(Request request) = 0;

    void onMessage(std::string bytes) final
    {
        auto request = decode<Request>(bytes, theCall->codec());
        if (request) {
            onRequest(std::move(*request));
        } else {
            theCall->finish(
              { Code::InvalidArgument,
                "the message is not a " + Request::descriptor()->full_name() });
        }
    }

    void onClosed(std::optional<Error> /*reason*/) override { theCall.reset(); }

  protected:
    // Null once the call is over.
    const std::shared_ptr<Call>& call() const { return theCall; }

    bool send(const Response& response)
    {
        return theCall && theCall->send(encode(response, theCall->codec()));
    }

  private:
    std::shared_ptr<Call> theCall;
};

}
