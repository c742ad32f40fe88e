#include <connect/typed.h>

#include "protocol/router.h"

#include "support/fake_exchange.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/wrappers.pb.h>

#include <catch2/catch.hpp>

using namespace connectrpc;
using connectrpc::tests::FakeExchange;
using connectrpc::tests::makeMetadata;
using google::protobuf::Int32Value;
using google::protobuf::StringValue;

TEST_CASE("a message comes back in either codec", "[typed]")
{
    StringValue message;
    message.set_value("é \"quoted\"");
    for (Codec codec : { Codec::Proto, Codec::Json }) {
        const auto back = decode<StringValue>(encode(message, codec), codec);
        REQUIRE(back);
        CHECK(back->value() == message.value());
    }
    CHECK(encode(message, Codec::Json) == "\"é \\\"quoted\\\"\"");
}

TEST_CASE("what is no message of the type is refused", "[typed]")
{
    CHECK_FALSE(decode<StringValue>("\x0a\x05"
                                    "a",
                                    Codec::Proto));
    CHECK_FALSE(decode<Int32Value>("\"text\"", Codec::Json));
    CHECK_FALSE(decode<google::protobuf::Struct>("{", Codec::Json));
}

TEST_CASE("a detail names the message's type", "[typed]")
{
    StringValue message;
    message.set_value("a");
    const ErrorDetail detail = detailOf(message);
    CHECK(detail.type == "google.protobuf.StringValue");
    CHECK(detail.value == message.SerializeAsString());
}

namespace {

class Length : public TypedHandler<StringValue, Int32Value>
{
  public:
    using TypedHandler::TypedHandler;

    void onRequest(StringValue request) override
    {
        Int32Value response;
        response.set_value(static_cast<int>(request.value().size()));
        send(response);
        call()->finish();
    }
};

std::shared_ptr<FakeExchange> callLength(const std::string& body)
{
    protocol::Router router(1024);
    router.addMethod({ .path = "/s/m" }, [](std::shared_ptr<Call> call) {
        return std::make_shared<Length>(std::move(call));
    });
    auto exchange = std::make_shared<FakeExchange>(
      "POST", "/s/m", makeMetadata({ { "content-type", "application/json" } }));
    const auto handler = router.open(exchange);
    handler->onBody(body);
    handler->onEnd();
    handler->onClosed(http::ExchangeHandler::Closed::Complete);
    return exchange;
}

}

TEST_CASE("a typed handler gets and gives messages", "[typed]")
{
    const auto exchange = callLength("\"four\"");
    CHECK(exchange->status == 200);
    CHECK(exchange->body == "4");
}

TEST_CASE("a typed handler's call ends when its message is malformed",
          "[typed]")
{
    const auto exchange = callLength("4");
    CHECK(exchange->status == 400);
    CHECK(exchange->body.find("google.protobuf.StringValue") !=
          std::string::npos);
}
