#include "protocol/envelope.h"
#include "protocol/gzip.h"
#include "protocol/router.h"

#include "support/fake_exchange.h"

#include <catch2/catch.hpp>

using namespace connectrpc;
using namespace connectrpc::protocol;
using connectrpc::tests::FakeExchange;
using connectrpc::tests::makeMetadata;

namespace {

// What a handler heard, kept after it is gone.
struct Heard
{
    std::shared_ptr<Call> call;
    std::vector<std::string> messages;
    bool ended = false;
    int closed = 0;
    std::optional<Error> reason;
    // What to do at a message.
    std::function<void(Call&, const std::string&)> act;
};

class Recorder : public CallHandler
{
  public:
    explicit Recorder(Heard& heard)
      : heard(heard)
    {}

    void onMessage(std::string message) override
    {
        heard.messages.push_back(message);
        if (heard.act) {
            heard.act(*heard.call, message);
        }
    }

    void onEnd() override { heard.ended = true; }

    void onClosed(std::optional<Error> reason) override
    {
        heard.closed++;
        heard.reason = std::move(reason);
    }

  private:
    Heard& heard;
};

// One method `/s/m` and one request to it.
struct Scene
{
    explicit Scene(StreamKind kind,
                   Metadata headers,
                   std::string method = "POST",
                   std::string target = "/s/m")
      : router(100)
      , exchange(std::make_shared<FakeExchange>(std::move(method),
                                                std::move(target),
                                                std::move(headers)))
    {
        router.addMethod({ "/s/m", kind, true },
                         [this](std::shared_ptr<Call> call) {
                             heard.call = std::move(call);
                             return std::make_shared<Recorder>(heard);
                         });
        handler = router.open(exchange);
    }

    ~Scene()
    {
        if (heard.closed == 0) {
            handler->onClosed(http::ExchangeHandler::Closed::Complete);
        }
    }

    Router router;
    Heard heard;
    std::shared_ptr<FakeExchange> exchange;
    std::shared_ptr<http::ExchangeHandler> handler;
};

Metadata typed(const std::string& type)
{
    return makeMetadata({ { "content-type", type } });
}

}

TEST_CASE("A Connect unary call is answered with headers and trailers")
{
    Scene scene(StreamKind::Unary, typed("application/json; charset=utf-8"));
    scene.handler->onBody("{\"a\"");
    scene.handler->onBody(":1}");
    CHECK(scene.heard.messages.empty());
    scene.handler->onEnd();
    REQUIRE(scene.heard.messages == std::vector<std::string>{ "{\"a\":1}" });
    CHECK(scene.heard.ended);
    CHECK(scene.heard.call->codec() == Codec::Json);
    scene.heard.call->setResponseHeader("X-One", "1");
    scene.heard.call->setResponseTrailer("x-two", "2");
    // Would break the response.
    scene.heard.call->setResponseHeader("x-bad", "a\r\nb");
    scene.heard.call->setResponseHeader("content-type", "text/html");
    CHECK(scene.heard.call->send("{}"));
    CHECK(scene.exchange->status == 0);
    scene.heard.call->finish();
    CHECK(scene.exchange->status == 200);
    CHECK(scene.exchange->headers.getAll("content-type").size() == 1);
    CHECK(scene.exchange->headers.get("content-type") == "application/json");
    CHECK(scene.exchange->headers.get("x-one") == "1");
    CHECK(scene.exchange->headers.get("trailer-x-two") == "2");
    CHECK_FALSE(scene.exchange->headers.contains("x-bad"));
    CHECK(scene.exchange->body == "{}");
    CHECK(scene.exchange->ended);
    scene.handler->onClosed(http::ExchangeHandler::Closed::Complete);
    CHECK(scene.heard.closed == 1);
    CHECK_FALSE(scene.heard.reason);
    CHECK_FALSE(scene.heard.call->send("late"));
}

TEST_CASE("A Connect unary call fails with JSON and a status")
{
    Scene scene(StreamKind::Unary, typed("application/proto"));
    scene.handler->onEnd();
    REQUIRE(scene.heard.messages == std::vector<std::string>{ "" });
    scene.heard.call->send("not wanted any more");
    scene.heard.call->finish({ Code::NotFound, "no" });
    CHECK(scene.exchange->status == 404);
    CHECK(scene.exchange->headers.get("content-type") == "application/json");
    CHECK(scene.exchange->body == R"({"code":"not_found","message":"no"})");
}

TEST_CASE("A Connect GET carries its message in the query")
{
    Scene scene(StreamKind::Unary,
                {},
                "GET",
                "/s/m?connect=v1&encoding=proto&base64=1&message=aGk");
    scene.handler->onEnd();
    CHECK(scene.heard.messages == std::vector<std::string>{ "hi" });
    CHECK(scene.heard.call->isGet());
    scene.heard.call->send("x");
    scene.heard.call->finish();
    CHECK(scene.exchange->status == 200);
}

TEST_CASE("Large answers are compressed for those who take it")
{
    Scene scene(StreamKind::Unary,
                makeMetadata({ { "content-type", "application/proto" },
                               { "accept-encoding", "br, gzip;q=0.8" } }));
    scene.handler->onEnd();
    const std::string large(5'000, 'x');
    scene.heard.call->send(large);
    scene.heard.call->finish();
    CHECK(scene.exchange->headers.get("content-encoding") == "gzip");
    GunzipFailure failure{};
    CHECK(gunzip(scene.exchange->body, 10'000, failure) == large);
}

TEST_CASE("A gRPC stream echoes as messages come")
{
    Scene scene(StreamKind::BidiStream, typed("application/grpc+proto"));
    scene.heard.act = [](Call& call, const std::string& message) {
        call.send(message);
    };
    scene.handler->onBody(makeEnvelope(0, "a") + makeEnvelope(0, "b"));
    CHECK(scene.exchange->status == 200);
    CHECK(scene.exchange->body == makeEnvelope(0, "a") + makeEnvelope(0, "b"));
    CHECK_FALSE(scene.exchange->ended);
    scene.handler->onEnd();
    scene.heard.call->setResponseTrailer("x-t", "1");
    scene.heard.call->finish({ Code::Aborted, "50%", { { "a.B", "detail" } } });
    CHECK(scene.exchange->trailers.get("grpc-status") == "10");
    CHECK(scene.exchange->trailers.get("grpc-message") == "50%25");
    CHECK(scene.exchange->trailers.contains("grpc-status-details-bin"));
    CHECK(scene.exchange->trailers.get("x-t") == "1");
}

TEST_CASE("gRPC errors without headers come as trailers only")
{
    Scene scene(StreamKind::Unary, typed("application/grpc"));
    scene.handler->onEnd();
    // No message came.
    CHECK(scene.heard.closed == 1);
    CHECK(scene.heard.reason->code == Code::Unimplemented);
    CHECK(scene.exchange->headers.get("grpc-status") == "12");
    CHECK(scene.exchange->headers.get("content-type") == "application/grpc");
    CHECK(scene.exchange->ended);
}

TEST_CASE("A second message of a unary call is an error, and none is delivered")
{
    Scene scene(StreamKind::Unary, typed("application/grpc"));
    scene.handler->onBody(makeEnvelope(0, "a") + makeEnvelope(0, "b"));
    CHECK(scene.heard.messages.empty());
    CHECK(scene.exchange->headers.get("grpc-status") == "12");
    CHECK(scene.heard.closed == 1);
}

TEST_CASE("A Connect stream ends with a message")
{
    Scene scene(StreamKind::ServerStream, typed("application/connect+json"));
    scene.handler->onBody(makeEnvelope(0, "{}"));
    scene.handler->onEnd();
    scene.heard.call->setResponseHeader("x-h", "1");
    scene.heard.call->sendHeaders();
    CHECK(scene.exchange->headers.get("x-h") == "1");
    scene.heard.call->send("1");
    scene.heard.call->setResponseTrailer("x-t", "2");
    scene.heard.call->finish();
    CHECK(scene.exchange->body ==
          makeEnvelope(0, "1") +
            makeEnvelope(2, R"({"metadata":{"x-t":["2"]}})"));
    CHECK(scene.exchange->ended);
}

TEST_CASE("The deadline ends a call, and its handler hears it")
{
    Scene scene(StreamKind::Unary,
                makeMetadata({ { "content-type", "application/proto" },
                               { "connect-timeout-ms", "0" } }));
    REQUIRE(scene.heard.call->deadline());
    REQUIRE(scene.exchange->deadline);
    scene.handler->onDeadline();
    CHECK(scene.exchange->status == 504);
    CHECK(scene.heard.closed == 1);
    CHECK(scene.heard.reason->code == Code::DeadlineExceeded);
}

TEST_CASE("Nothing is delivered while reading is paused")
{
    Scene scene(StreamKind::BidiStream, typed("application/grpc"));
    scene.heard.act = [](Call& call, const std::string& message) {
        if (message == "a") {
            call.pauseReading();
        }
    };
    scene.handler->onBody(makeEnvelope(0, "a") + makeEnvelope(0, "b"));
    CHECK(scene.heard.messages.size() == 1);
    CHECK(scene.exchange->paused);
    scene.heard.call->resumeReading();
    CHECK_FALSE(scene.exchange->paused);
    // It has asked for the strand.
    CHECK(scene.exchange->wakes == 1);
    scene.handler->onWake();
    CHECK(scene.heard.messages == std::vector<std::string>{ "a", "b" });
}

TEST_CASE("Messages above the bound end the call")
{
    SECTION("a body")
    {
        Scene scene(StreamKind::Unary, typed("application/proto"));
        scene.handler->onBody(std::string(300, 'x'));
        CHECK(scene.exchange->status == 429);
        CHECK(scene.heard.reason->code == Code::ResourceExhausted);
    }
    SECTION("exactly the bound is allowed")
    {
        Scene scene(StreamKind::Unary, typed("application/proto"));
        scene.handler->onBody(std::string(100, 'x'));
        scene.handler->onEnd();
        CHECK(scene.heard.messages.size() == 1);
    }
    SECTION("a compressed body")
    {
        Scene scene(StreamKind::Unary,
                    makeMetadata({ { "content-type", "application/proto" },
                                   { "content-encoding", "gzip" } }));
        scene.handler->onBody(gzip(std::string(10'000, 'x')));
        scene.handler->onEnd();
        CHECK(scene.exchange->status == 429);
    }
    SECTION("an envelope")
    {
        Scene scene(StreamKind::ClientStream, typed("application/grpc"));
        scene.handler->onBody(std::string("\0\0\1\0\0", 5));
        CHECK(scene.exchange->headers.get("grpc-status") == "8");
    }
}

TEST_CASE("Requests that are not for this protocol are refused by HTTP")
{
    const auto statusOf = [](StreamKind kind,
                             Metadata headers,
                             std::string method = "POST",
                             std::string target = "/s/m") {
        Scene scene(
          kind, std::move(headers), std::move(method), std::move(target));
        // Clients of plain HTTP want to end first.
        CHECK(scene.exchange->status == 0);
        scene.handler->onEnd();
        CHECK(scene.exchange->ended);
        return scene.exchange->status;
    };
    CHECK(statusOf(StreamKind::Unary, typed("text/plain")) == 415);
    CHECK(statusOf(StreamKind::BidiStream, typed("application/json")) == 415);
    CHECK(statusOf(StreamKind::Unary, {}, "DELETE") == 405);
    CHECK(statusOf(
            StreamKind::Unary, typed("application/json"), "POST", "/x") == 404);
    CHECK(statusOf(StreamKind::Unary, {}, "GET", "/s/m?message=x") == 415);
    CHECK(statusOf(StreamKind::Unary, {}, "GET", "/s/m?encoding=json") == 400);
    CHECK(statusOf(StreamKind::Unary,
                   makeMetadata({ { "content-type", "application/json" },
                                  { "content-encoding", "br" } })) == 501);
    CHECK(statusOf(StreamKind::Unary,
                   makeMetadata({ { "content-type", "application/json" },
                                  { "connect-timeout-ms", "soon" } })) == 400);
    CHECK(statusOf(StreamKind::Unary,
                   makeMetadata({ { "content-type", "application/json" },
                                  { "connect-protocol-version", "2" } })) ==
          400);
    // Those of streams may be waiting for the answer.
    CHECK(Scene(StreamKind::Unary, typed("application/grpc"), "POST", "/x")
            .exchange->headers.get("grpc-status") == "12");
}

TEST_CASE("An answer to a unary call waits for the body, but not for long")
{
    Scene scene(StreamKind::Unary, typed("application/json"));
    scene.heard.call->finish({ Code::Unauthenticated, "who?" });
    CHECK(scene.exchange->status == 0);
    SECTION("the end")
    {
        scene.handler->onBody("{}");
        CHECK(scene.exchange->status == 0);
        scene.handler->onEnd();
    }
    SECTION("too large a body")
    {
        scene.handler->onBody(std::string(1'000, 'x'));
    }
    CHECK(scene.exchange->status == 401);
    CHECK(scene.heard.messages.empty());
}

TEST_CASE("What ends an exchange is told to the handler")
{
    using Closed = http::ExchangeHandler::Closed;
    const auto codeOf = [](Closed how) {
        Scene scene(StreamKind::BidiStream, typed("application/grpc"));
        scene.handler->onClosed(how);
        REQUIRE(scene.heard.closed == 1);
        return scene.heard.reason->code;
    };
    CHECK(codeOf(Closed::ResetByClient) == Code::Canceled);
    CHECK(codeOf(Closed::ConnectionLost) == Code::Canceled);
    CHECK(codeOf(Closed::ResetByServer) == Code::ResourceExhausted);
    CHECK(codeOf(Closed::Stopped) == Code::Unavailable);
}

TEST_CASE("What a call keeps of its request is told", "[call]")
{
    Scene scene(
      StreamKind::BidiStream,
      makeMetadata({ { "content-type", "application/connect+proto" } }));
    scene.handler->onBody(makeEnvelope(0, "abcdef").substr(0, 8));
    REQUIRE(scene.exchange->kept == 3);
    scene.handler->onBody("def");
    REQUIRE(scene.heard.messages.size() == 1);
    REQUIRE(scene.exchange->kept == 0);
    scene.heard.call->pauseReading();
    scene.handler->onBody(makeEnvelope(0, "12345"));
    const size_t one = scene.exchange->kept;
    REQUIRE(one > 5);
    // Empty ones cost something, too.
    scene.handler->onBody(makeEnvelope(0, ""));
    REQUIRE(scene.exchange->kept == 2 * one - 5);
    scene.heard.call->resumeReading();
    scene.handler->onWake();
    REQUIRE(scene.exchange->kept == 0);
}

TEST_CASE("A call that the connection may not keep ends", "[call]")
{
    SECTION("a stream")
    {
        Scene scene(
          StreamKind::BidiStream,
          makeMetadata({ { "content-type", "application/connect+proto" } }));
        scene.exchange->mayKeep = 10;
        scene.handler->onBody(
          makeEnvelope(0, std::string(50, 'x')).substr(0, 15));
        REQUIRE(scene.heard.closed == 0);
        scene.handler->onBody("x");
        REQUIRE(scene.heard.reason->code == Code::ResourceExhausted);
        REQUIRE(scene.exchange->ended);
    }
    SECTION("a body")
    {
        Scene scene(StreamKind::Unary,
                    makeMetadata({ { "content-type", "application/proto" } }));
        scene.exchange->mayKeep = 10;
        scene.handler->onBody("more than ten");
        REQUIRE(scene.heard.reason->code == Code::ResourceExhausted);
        REQUIRE(scene.exchange->status == 429);
    }
    SECTION("messages that unpack to more")
    {
        Scene scene(
          StreamKind::BidiStream,
          makeMetadata({ { "content-type", "application/connect+proto" },
                         { "connect-content-encoding", "gzip" } }));
        scene.exchange->mayKeep = 99;
        scene.heard.call->pauseReading();
        const auto packed =
          makeEnvelope(envelopeCompressed, gzip(std::string(90, 'x')));
        scene.handler->onBody(packed + packed + packed);
        REQUIRE(scene.heard.messages.empty());
        REQUIRE(scene.heard.reason->code == Code::ResourceExhausted);
    }
}
