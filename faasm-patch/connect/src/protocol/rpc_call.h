#pragma once

#include "http/exchange.h"
#include "protocol/envelope.h"
#include "protocol/responder.h"

#include <connect/call.h>

#include <chrono>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace connectrpc::protocol {

// What is known of a call before its handler exists.
struct CallSettings
{
    Codec codec = Codec::Proto;
    StreamKind kind = StreamKind::Unary;
    size_t maxMessageBytes = 0;
    std::optional<std::chrono::steady_clock::time_point> deadline = {};
    // How long a request of one message may take to come.
    std::chrono::milliseconds requestTimeout{ 0 };
    // Messages are in envelopes; else the body is the message.
    bool envelopes = false;
    // Messages, or the body, may be compressed.
    bool gzip = false;
    // The message, of a Connect GET.
    std::optional<std::string> getMessage = {};
};

// One call between its exchange and its handler. As a Call thread-safe; the
// handler is only touched on the strand. Exchange's methods only queue, so they
// may be called under the lock.
class RpcCall final
  : public Call
  , public http::ExchangeHandler
  , public std::enable_shared_from_this<RpcCall>
{
  public:
    RpcCall(std::shared_ptr<http::Exchange> exchange,
            CallSettings settings,
            std::unique_ptr<Responder> responder);

    // Makes the handler. On the strand, once, before anything else.
    void start(const HandlerFactory& factory);

    // Call
    const Metadata& requestHeaders() const override;
    Codec codec() const override { return settings.codec; }
    bool isGet() const override { return isGetRequest; }
    std::optional<std::chrono::steady_clock::time_point> deadline()
      const override
    {
        return settings.deadline;
    }
    const Peer& peer() const override;
    void setResponseHeader(std::string name, std::string value) override;
    void setResponseTrailer(std::string name, std::string value) override;
    void sendHeaders() override;
    bool send(std::string message) override;
    size_t unsentBytes() const override { return exchange->unsentBytes(); }
    void wake() override;
    void finish() override;
    void finish(Error error) override;
    void pauseReading() override;
    void resumeReading() override;

    // ExchangeHandler
    void onBody(std::string_view bytes) override;
    void onEnd() override;
    void onWritable() override;
    void onDeadline() override;
    void onWake() override;
    void onClosed(Closed how) override;

  private:
    using Lock = std::lock_guard<std::mutex>;

    bool singleRequest() const
    {
        return settings.kind == StreamKind::Unary ||
               settings.kind == StreamKind::ServerStream;
    }
    bool singleResponse() const
    {
        return settings.kind == StreamKind::Unary ||
               settings.kind == StreamKind::ClientStream;
    }
    bool isOver() const;
    bool isPaused() const;
    void setDeadline();
    bool mayDeliver() const;
    bool mayDeliverEnd() const;
    // `mayWait`: until the client has sent its body.
    void finishLocked(std::optional<Error> error, bool mayWait = true);
    void answer(const std::optional<Error>& error);
    // Ends the call because of the client or of time; the handler hears it now.
    void abort(Error error);
    void answerNow();
    void addMessage(std::string message);
    void takeBody();
    // Tells the exchange how much is kept; false, and the call is ended, when
    // that is too much.
    bool noteKept();
    // Gives the handler what it may have.
    void deliver();
    void close(std::optional<Error> reason);

    const std::shared_ptr<http::Exchange> exchange;
    CallSettings settings;
    const bool isGetRequest;

    mutable std::mutex mutex;
    // Guarded by the mutex.
    std::unique_ptr<Responder> responder;
    Metadata headers;
    Metadata trailers;
    std::optional<std::string> onlyResponse;
    bool headersSent = false;
    bool over = false;
    bool paused = false;
    bool requestEnded = false;
    // What it ended with, before the body had come.
    std::optional<std::optional<Error>> waitingAnswer;
    // The handler asked for onWake; resumeReading wakes without that.
    bool wakeAsked = false;

    // The strand's.
    std::shared_ptr<CallHandler> handler;
    EnvelopeReader reader;
    std::string body;
    // The request has to be complete by then; while it is not.
    std::optional<std::chrono::steady_clock::time_point> requestUntil;
    std::deque<std::string> messages;
    // What `messages` takes.
    size_t messageBytes = 0;
    size_t messagesSeen = 0;
    size_t bytesSeen = 0;
    bool endDelivered = false;
};

}
