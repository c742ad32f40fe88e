#pragma once

#include "exchange.h"
#include "inbox.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace connectrpc {
struct ServerOptions;
}

namespace connectrpc::http {

// One stream of a connection. As an Exchange thread-safe; all else is for the
// strand, and never calls nghttp2: Session does.
class Stream final
  : public Exchange
  , public std::enable_shared_from_this<Stream>
{
  public:
    using TimePoint = std::chrono::steady_clock::time_point;

    Stream(int32_t id,
           std::shared_ptr<Inbox> inbox,
           const ServerOptions& options);

    const Request& request() const override { return theRequest; }
    void respond(int status, Metadata headers, bool end) override;
    bool write(std::string bytes) override;
    void end(Metadata trailers) override;
    void reset(ResetCode code) override;
    size_t unsentBytes() const override;
    bool keep(size_t bytes) override;
    void wake() override;
    void setDeadline(TimePoint at) override;
    void pauseReading() override;
    void resumeReading() override;

    const int32_t id;

    // While the request's headers arrive.
    Request theRequest;
    std::string authority;
    size_t headerBytes = 0;
    bool headersTooLarge = false;
    bool headersComplete = false;

    // From now on until `close` the handler hears what happens.
    void setHandler(std::shared_ptr<ExchangeHandler> handler);
    ExchangeHandler* getHandler() { return handler.get(); }

    // The headers are complete. False when the connection may not keep them.
    [[nodiscard]] bool keepHeaders();

    // Tells how many bytes were handed on; the rest is kept for `resume`.
    size_t receive(std::string_view bytes);
    void receiveEnd();
    // Hands on what was kept.
    size_t resume();

    // The response's body.
    void queue(std::string bytes);
    void queueEnd(Metadata trailers);
    size_t queuedBytes() const { return queued; }
    bool endQueued() const { return bodyEnd; }
    const Metadata& getTrailers() const { return trailers; }
    // Appends `length` bytes, which must be there, to `out`.
    void take(size_t length, std::string& out);

    // Does what `wake` asked for.
    void wakeHandler();

    void close(ExchangeHandler::Closed how);

    bool responded = false;
    // nghttp2 waits for more of the body.
    bool deferred = false;
    bool resetByClient = false;
    bool resetByServer = false;
    // When bytes of the body last left, or came into an empty queue.
    TimePoint progressAt{};
    std::optional<TimePoint> deadline;

  private:
    bool holds() const;
    // Of the request `part` now takes so many bytes. False, and nothing is
    // noted, when that is more than the connection may keep.
    bool keep(size_t& part, size_t bytes);

    const std::shared_ptr<Inbox> inbox;
    const size_t maxUnsent;
    const size_t maxUnsentOfConnection;
    const size_t maxUnfinishedOfConnection;

    // Guarded by the inbox's lock.
    bool closed = false;
    bool ended = false;
    bool respondAsked = false;
    bool aboveHalf = false;
    bool wakePending = false;

    std::atomic<size_t> unsent{ 0 };
    std::atomic<bool> paused{ false };

    // The strand's.
    std::shared_ptr<ExchangeHandler> handler;
    std::string kept;
    // What they take of the connection's bound.
    size_t bytesOfHeaders = 0;
    size_t bytesOfKept = 0;
    size_t bytesOfHandler = 0;
    bool requestEnded = false;
    bool endTold = false;
    // Of the body: all before `first`, and `offset` bytes of it, are sent.
    std::vector<std::string> chunks;
    size_t first = 0;
    size_t offset = 0;
    size_t queued = 0;
    bool bodyEnd = false;
    Metadata trailers;
};

}
