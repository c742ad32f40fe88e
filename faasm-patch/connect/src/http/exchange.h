#pragma once

#include <connect/call.h>
#include <connect/metadata.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

// What the protocols (src/protocol) need of HTTP, so that they are tested
// without sockets.
namespace connectrpc::http {

struct Request
{
    std::string method;
    // With the query, as on the wire.
    std::string target;
    // Without pseudo-headers; `:authority` is there as `host`.
    Metadata headers;
    Peer peer;
};

// RFC 9113 section 7
enum class ResetCode : uint32_t
{
    NoError = 0,
    ProtocolError = 1,
    InternalError = 2,
    RefusedStream = 7,
    Cancel = 8,
    EnhanceYourCalm = 11,
};

// One request and its response. Thread-safe: every method may be called from
// any thread, also after it is over (it then does nothing).
class Exchange
{
  public:
    virtual ~Exchange() = default;

    virtual const Request& request() const = 0;

    // Once. Nothing may follow with `end`.
    virtual void respond(int status, Metadata headers, bool end) = 0;

    // Queues bytes of the body; false when the exchange is over, or when it has
    // just been reset because more than the allowed bytes would be unsent.
    virtual bool write(std::string bytes) = 0;

    // Ends the response, with trailers when there are any. A request that has
    // not ended is then reset with NoError, as RFC 9113 section 8.1 has it.
    virtual void end(Metadata trailers) = 0;

    virtual void reset(ResetCode code) = 0;

    // Written, and not yet taken by flow control.
    virtual size_t unsentBytes() const = 0;

    // On the strand: of the request, the handler now keeps so many bytes in
    // all. False, and nothing is noted, when the connection's streams would
    // keep more than ServerOptions::maxUnfinishedBytesPerConnection together.
    virtual bool keep(size_t bytes) = 0;

    // Calls ExchangeHandler::onWake, on the strand and soon: once for all wakes
    // until then.
    virtual void wake() {}

    // Calls ExchangeHandler::onDeadline then, unless it is over before. One at
    // a time.
    virtual void setDeadline(std::chrono::steady_clock::time_point at) = 0;

    // No onBody and no onEnd until resumeReading; what arrives meanwhile stays
    // within the stream's window, which is not widened.
    virtual void pauseReading() = 0;

    virtual void resumeReading() = 0;
};

// Called on the connection's strand, never concurrently for one exchange.
class ExchangeHandler
{
  public:
    virtual ~ExchangeHandler() = default;

    // Widens the stream's window by as much once it returns.
    virtual void onBody(std::string_view bytes) = 0;

    // The request is complete.
    virtual void onEnd() = 0;

    // unsentBytes fell to a quarter of the bound or below after having been
    // above half of it.
    virtual void onWritable() = 0;

    virtual void onDeadline() = 0;

    // After Exchange::wake.
    virtual void onWake() {}

    enum class Closed
    {
        // Both sides ended, all was sent.
        Complete,
        ResetByClient,
        // By Exchange::reset, or because of a bound.
        ResetByServer,
        // Also a connection that violates the protocol.
        ConnectionLost,
        // Server::stop
        Stopped,
    };

    // Exactly once, and last.
    virtual void onClosed(Closed how) = 0;
};

// For each request whose headers are complete. Never returns null; may respond
// at once.
using ExchangeHandlerFactory =
  std::function<std::shared_ptr<ExchangeHandler>(std::shared_ptr<Exchange>)>;

}
