// One request against the protocols: headers, timeouts, Connect GET queries,
// envelopes, compression and the writing of errors. The input is text:
//
//   a byte that tells how the service answers, and a line end
//   POST /s/u
//   content-type: application/json
//
//   the body

#include "fake_exchange.h"
#include "input.h"
#include "protocol/router.h"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

namespace {

using namespace connectrpc;

constexpr size_t maxMessageBytes = 16 * 1024;

// What the service does, told by the input's first byte.
struct Behaviour
{
    explicit Behaviour(unsigned char byte)
      : fails(byte & 1)
      , throughTrailers(byte & 2)
      , pauses(byte & 4)
      , oneByteAtATime(byte & 8)
      , lost(byte & 16)
    {}

    bool fails;
    bool throughTrailers;
    bool pauses;
    bool oneByteAtATime;
    bool lost;
};

class Service : public CallHandler
{
  public:
    Service(std::shared_ptr<Call> call, Behaviour behaviour)
      : call(std::move(call))
      , behaviour(behaviour)
    {}

    ~Service() override { fuzz::require(!call, "a handler hears onClosed"); }

    void onMessage(std::string message) override
    {
        fuzz::require(call != nullptr, "no message after onClosed");
        fuzz::require(!ended, "no message after the end");
        last = message;
        if (behaviour.pauses) {
            call->pauseReading();
            call->wake();
        }
        fuzz::require(last.size() <= maxMessageBytes, "no larger message");
        if (!behaviour.fails && sent++ == 0) {
            call->send(std::move(message));
        }
    }

    void onWake() override { call->resumeReading(); }

    void onEnd() override
    {
        fuzz::require(!ended, "one end");
        ended = true;
        if (behaviour.throughTrailers) {
            call->setResponseHeader("x-header", "a");
            call->setResponseTrailer("x-trailer-bin", encodeBinary(last));
        }
        if (behaviour.fails || sent == 0) {
            call->finish(
              Error{ Code::Internal, last, { { "some.Detail", last } } });
        } else {
            call->finish();
        }
    }

    void onClosed(std::optional<Error> /*reason*/) override
    {
        fuzz::require(call != nullptr, "one onClosed");
        call.reset();
    }

  private:
    std::shared_ptr<Call> call;
    Behaviour behaviour;
    std::string last;
    int sent = 0;
    bool ended = false;
};

std::string_view takeLine(std::string_view& rest)
{
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return line;
}

// HTTP/2's own checks come before the protocols: nghttp2 lets no other fields
// through.
bool isField(std::string_view name, std::string_view value)
{
    return !name.empty() &&
           std::all_of(name.begin(),
                       name.end(),
                       [](unsigned char c) {
                           return c > 0x20 && c < 0x7f && c != ':' &&
                                  (c < 'A' || c > 'Z');
                       }) &&
           std::all_of(value.begin(), value.end(), [](unsigned char c) {
               return c >= 0x20 && c != 0x7f;
           });
}

http::Request readRequest(std::string_view& rest)
{
    http::Request request;
    request.peer.address = "127.0.0.1:1";
    const std::string_view first = takeLine(rest);
    const size_t space = std::min(first.find(' '), first.size());
    request.method = first.substr(0, space);
    request.target = first.substr(std::min(space + 1, first.size()));
    for (std::string_view line = takeLine(rest); !line.empty();
         line = takeLine(rest)) {
        const size_t colon = line.find(": ");
        if (colon != std::string_view::npos &&
            isField(line.substr(0, colon), line.substr(colon + 2))) {
            request.headers.add(std::string(line.substr(0, colon)),
                                std::string(line.substr(colon + 2)));
        }
    }
    return request;
}

}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    if (rest.empty()) {
        return 0;
    }
    const Behaviour behaviour(static_cast<unsigned char>(rest.front()));
    takeLine(rest);

    const HandlerFactory factory = [&](std::shared_ptr<Call> call) {
        return std::make_shared<Service>(std::move(call), behaviour);
    };
    protocol::Router router(maxMessageBytes);
    router.addMethod({ "/s/u", StreamKind::Unary, true }, factory);
    router.addMethod({ "/s/c", StreamKind::ClientStream }, factory);
    router.addMethod({ "/s/v", StreamKind::ServerStream }, factory);
    router.addMethod({ "/s/b", StreamKind::BidiStream }, factory);

    auto exchange = std::make_shared<fuzz::FakeExchange>(readRequest(rest));
    auto handler = router.open(exchange);
    // As the connection's strand does.
    const auto runStrand = [&] {
        while (exchange->woken && !exchange->over) {
            exchange->woken = false;
            handler->onWake();
        }
        if (exchange->deadline && !exchange->over &&
            *exchange->deadline <= std::chrono::steady_clock::now()) {
            exchange->deadline.reset();
            handler->onDeadline();
            fuzz::require(exchange->over, "a deadline ends the call");
        }
    };
    const size_t step = behaviour.oneByteAtATime ? 1 : rest.size();
    while (!rest.empty() && !exchange->over) {
        const size_t count = std::min(step, rest.size());
        handler->onBody(rest.substr(0, count));
        rest.remove_prefix(count);
        runStrand();
    }
    if (!exchange->over && !behaviour.lost) {
        handler->onEnd();
        runStrand();
        fuzz::require(exchange->over, "each request is answered");
    }
    handler->onClosed(exchange->over
                        ? http::ExchangeHandler::Closed::Complete
                        : http::ExchangeHandler::Closed::ConnectionLost);
    return 0;
}
