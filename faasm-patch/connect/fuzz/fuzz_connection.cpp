// Bytes of an HTTP/2 connection, after its preface, through nghttp2 to the
// protocols and back, without a socket: at once, in pieces, and from a client
// that does not read. In the end the connection is lost, and nothing is left of
// it.

#include "http/session.h"
#include "input.h"
#include "protocol/router.h"

#include <connect/server.h>
#include <connect/shared_bound.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace {

using namespace connectrpc;
using namespace std::chrono_literals;

constexpr std::string_view preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr size_t writeBytes = 128 * 1024;

class Echo : public CallHandler
{
  public:
    explicit Echo(std::shared_ptr<Call> call)
      : call(std::move(call))
    {}

    ~Echo() override { fuzz::require(!call, "a handler hears onClosed"); }

    void onMessage(std::string message) override
    {
        call->send(std::move(message));
    }

    void onEnd() override { call->finish(); }

    void onClosed(std::optional<Error> /*reason*/) override
    {
        fuzz::require(call != nullptr, "one onClosed");
        call.reset();
    }

  private:
    std::shared_ptr<Call> call;
};

struct Service
{
    Service()
    {
        options.maxMessageBytes = 64 * 1024;
        options.maxStreamsPerConnection = 10;
        options.maxHeaderBytes = 4 * 1024;
        options.maxUnfinishedBytesPerConnection = 100 * 1024;
        options.maxUnsentBytesPerStream = 100 * 1024;
        options.maxUnsentBytesPerConnection = 200 * 1024;
        const HandlerFactory echo = [](std::shared_ptr<Call> call) {
            return std::make_shared<Echo>(std::move(call));
        };
        router.addMethod({ "/s/u", StreamKind::Unary, true }, echo);
        router.addMethod({ "/s/b", StreamKind::BidiStream }, echo);
    }

    ServerOptions options;
    protocol::Router router{ 64 * 1024 };
    http::ExchangeHandlerFactory factory =
      [this](std::shared_ptr<http::Exchange> exchange) {
          return router.open(std::move(exchange));
      };
};

// As Connection does with what it reads.
class Connection
{
  public:
    Connection(const Service& service, bool reads)
      : bound(std::make_shared<SharedBound>(service.options.maxBytes))
      , inbox(std::make_shared<http::Inbox>([] {}, bound))
      , session(service.options, service.factory, peer, inbox, now)
      , reads(reads)
      , mostUnsent(service.options.maxUnsentBytesPerConnection)
      , mostUnfinished(service.options.maxUnfinishedBytesPerConnection)
    {
        settle();
    }

    // False when the connection is over.
    bool receive(std::string_view bytes)
    {
        return session.receive(bytes, now) && settle();
    }

    // Whoever says nothing is left at last.
    void waitForEnd()
    {
        for (int tries = 0; tries < 10; tries++) {
            now += 10min;
            if (!session.onTime(now) || !settle()) {
                return;
            }
        }
        fuzz::require(false, "a silent connection ends");
    }

    void lose()
    {
        session.close(http::ExchangeHandler::Closed::ConnectionLost);
        fuzz::require(inbox->unfinished == 0 && inbox->unsent == 0 &&
                        bound->get() == 0,
                      "nothing is kept");
    }

  private:
    bool settle()
    {
        inbox->begin();
        do {
            if (!session.work(now)) {
                return false;
            }
            std::string out;
            if (reads && !session.produce(out, writeBytes)) {
                return false;
            }
        } while (!inbox->rest());
        fuzz::require(inbox->unsent <= mostUnsent, "little is unsent");
        fuzz::require(inbox->unfinished <= mostUnfinished,
                      "little is unfinished");
        return !session.finished();
    }

    const Peer peer{ "127.0.0.1:1" };
    http::Session::TimePoint now = std::chrono::steady_clock::now();
    const std::shared_ptr<SharedBound> bound;
    const std::shared_ptr<http::Inbox> inbox;
    http::Session session;
    const bool reads;
    const size_t mostUnsent;
    const size_t mostUnfinished;
};

void run(std::string_view input, size_t step, bool reads)
{
    static const Service service;
    Connection connection(service, reads);
    bool open = connection.receive(preface);
    while (open && !input.empty()) {
        const std::string_view piece = input.substr(0, step);
        input.remove_prefix(piece.size());
        open = connection.receive(piece);
    }
    if (open && reads) {
        connection.waitForEnd();
    }
    connection.lose();
}

}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    if (input.empty()) {
        return 0;
    }
    run(input, input.size(), true);
    run(input, 1 + static_cast<unsigned char>(input.back()) % 32, true);
    run(input, input.size(), false);
    return 0;
}
