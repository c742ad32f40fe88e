#include "protocol/rpc_call.h"

#include "protocol/gzip.h"

#include <algorithm>

namespace connectrpc::protocol {

namespace {

using Clock = std::chrono::steady_clock;

// What a message costs besides its bytes, about: empty ones are messages, too.
constexpr size_t messageCost = 64;

Error tooLarge(size_t limit)
{
    return { Code::ResourceExhausted,
             "the message is larger than the limit of " +
               std::to_string(limit) + " bytes" };
}

}

RpcCall::RpcCall(std::shared_ptr<http::Exchange> exchange,
                 CallSettings settings,
                 std::unique_ptr<Responder> responder)
  : exchange(std::move(exchange))
  , settings(std::move(settings))
  , isGetRequest(this->settings.getMessage.has_value())
  , responder(std::move(responder))
  , reader(this->settings.maxMessageBytes, this->settings.gzip)
{}

void RpcCall::start(const HandlerFactory& factory)
{
    if (singleRequest()) {
        requestUntil = Clock::now() + settings.requestTimeout;
    }
    setDeadline();
    handler = factory(shared_from_this());
}

void RpcCall::setDeadline()
{
    const auto at = settings.deadline.value_or(Clock::time_point::max());
    exchange->setDeadline(requestUntil ? std::min(at, *requestUntil) : at);
}

const Metadata& RpcCall::requestHeaders() const
{
    return exchange->request().headers;
}

const Peer& RpcCall::peer() const
{
    return exchange->request().peer;
}

void RpcCall::setResponseHeader(std::string name, std::string value)
{
    Lock lock(mutex);
    headers.add(std::move(name), std::move(value));
}

void RpcCall::setResponseTrailer(std::string name, std::string value)
{
    Lock lock(mutex);
    trailers.add(std::move(name), std::move(value));
}

void RpcCall::sendHeaders()
{
    Lock lock(mutex);
    if (!over && !headersSent && !singleResponse()) {
        responder->sendHeaders(headers);
        headersSent = true;
    }
}

bool RpcCall::send(std::string message)
{
    Lock lock(mutex);
    if (over) {
        return false;
    }
    if (singleResponse()) {
        if (onlyResponse) {
            finishLocked(Error{ Code::Internal,
                                "the service sent more than one message" });
            return false;
        }
        // An error may still come instead.
        onlyResponse = std::move(message);
        return true;
    }
    if (!headersSent) {
        responder->sendHeaders(headers);
        headersSent = true;
    }
    return responder->send(std::move(message));
}

void RpcCall::finish()
{
    Lock lock(mutex);
    if (!over && singleResponse() && !onlyResponse) {
        finishLocked(Error{ Code::Internal, "the service sent no message" });
        return;
    }
    finishLocked(std::nullopt);
}

void RpcCall::finish(Error error)
{
    Lock lock(mutex);
    finishLocked(std::move(error));
}

void RpcCall::finishLocked(std::optional<Error> error, bool mayWait)
{
    if (over) {
        return;
    }
    over = true;
    // Clients of plain HTTP send all of a body before they read, and take the
    // reset of a request that was answered early for a failure.
    if (mayWait && !settings.envelopes && !requestEnded) {
        waitingAnswer = std::move(error);
        if (paused) {
            exchange->resumeReading();
        }
    } else {
        answer(error);
    }
}

void RpcCall::answer(const std::optional<Error>& error)
{
    if (onlyResponse && !error) {
        responder->sendHeaders(headers);
        responder->send(std::move(*onlyResponse));
        responder->finish(error, {}, trailers);
    } else {
        responder->finish(error, headersSent ? Metadata() : headers, trailers);
    }
}

void RpcCall::answerNow()
{
    Lock lock(mutex);
    if (waitingAnswer) {
        answer(*waitingAnswer);
        waitingAnswer.reset();
    }
}

void RpcCall::pauseReading()
{
    Lock lock(mutex);
    if (!over && !paused) {
        paused = true;
        exchange->pauseReading();
    }
}

void RpcCall::resumeReading()
{
    Lock lock(mutex);
    if (!over && paused) {
        paused = false;
        exchange->resumeReading();
        // There may be messages that came in the same bytes as the one that
        // made the handler pause.
        exchange->wake();
    }
}

void RpcCall::wake()
{
    {
        Lock lock(mutex);
        wakeAsked = true;
    }
    exchange->wake();
}

bool RpcCall::isOver() const
{
    Lock lock(mutex);
    return over;
}

bool RpcCall::isPaused() const
{
    Lock lock(mutex);
    return paused;
}

bool RpcCall::mayDeliver() const
{
    Lock lock(mutex);
    return !over && !paused;
}

bool RpcCall::mayDeliverEnd() const
{
    Lock lock(mutex);
    return !over && !paused && requestEnded;
}

void RpcCall::abort(Error error)
{
    {
        Lock lock(mutex);
        finishLocked(error, false);
    }
    close(std::move(error));
}

void RpcCall::onBody(std::string_view bytes)
{
    // Compressed bytes may be a little more than what they become.
    const size_t mostBytes =
      settings.maxMessageBytes + settings.maxMessageBytes / 1024 + 64;
    bytesSeen += bytes.size();
    if (isOver()) {
        if (bytesSeen > mostBytes) {
            answerNow();
        }
        return;
    }
    if (!settings.envelopes) {
        if (bytesSeen > mostBytes) {
            abort(tooLarge(settings.maxMessageBytes));
            return;
        }
        body += bytes;
        noteKept();
        return;
    }
    std::optional<Error> error;
    while (!bytes.empty() && !error) {
        auto message = reader.read(bytes, error);
        if (message) {
            if (++messagesSeen > 1 && singleRequest()) {
                error = Error{ Code::Unimplemented,
                               "the method takes one message only" };
            } else {
                addMessage(std::move(*message));
            }
        }
        // With each message: a few bytes may unpack to many.
        if (!error && !noteKept()) {
            return;
        }
    }
    if (error) {
        abort(std::move(*error));
    } else if (!singleRequest()) {
        deliver();
    }
}

void RpcCall::takeBody()
{
    if (isGetRequest) {
        body = std::move(*settings.getMessage);
    }
    if (settings.gzip && !body.empty()) {
        GunzipFailure failure{};
        auto unpacked = gunzip(body, settings.maxMessageBytes, failure);
        if (!unpacked) {
            abort(
              failure == GunzipFailure::TooLarge
                ? tooLarge(settings.maxMessageBytes)
                : Error{ Code::InvalidArgument, "the body is not gzip data" });
            return;
        }
        body = std::move(*unpacked);
    }
    if (body.size() > settings.maxMessageBytes) {
        abort(tooLarge(settings.maxMessageBytes));
        return;
    }
    addMessage(std::move(body));
    body.clear();
    noteKept();
}

void RpcCall::addMessage(std::string message)
{
    messageBytes += message.size() + messageCost;
    messages.push_back(std::move(message));
}

bool RpcCall::noteKept()
{
    const size_t bytes = body.size() + reader.keptBytes() + messageBytes;
    if (exchange->keep(bytes)) {
        return true;
    }
    abort({ Code::ResourceExhausted,
            "the connection's unfinished requests are too large together" });
    return false;
}

void RpcCall::onEnd()
{
    {
        Lock lock(mutex);
        requestEnded = true;
    }
    if (requestUntil) {
        requestUntil.reset();
        setDeadline();
    }
    if (isOver()) {
        answerNow();
        return;
    }
    if (!settings.envelopes) {
        takeBody();
    } else if (!reader.atBoundary()) {
        abort({ Code::InvalidArgument, "the request ends within a message" });
    } else if (singleRequest() && messagesSeen == 0) {
        abort({ Code::Unimplemented, "the method takes one message" });
    }
    deliver();
}

void RpcCall::deliver()
{
    while (!messages.empty() && mayDeliver() && handler) {
        std::string message = std::move(messages.front());
        messages.pop_front();
        messageBytes -= message.size() + messageCost;
        noteKept();
        // The handler may let itself go when it ends the call.
        const auto alive = handler;
        alive->onMessage(std::move(message));
    }
    if (!endDelivered && messages.empty() && mayDeliverEnd() && handler) {
        endDelivered = true;
        const auto alive = handler;
        alive->onEnd();
    }
}

void RpcCall::onWritable()
{
    if (handler && !isOver()) {
        const auto alive = handler;
        alive->onWritable();
    }
}

void RpcCall::onDeadline()
{
    if (isOver()) {
        answerNow();
    } else if (settings.deadline && *settings.deadline <= Clock::now()) {
        abort({ Code::DeadlineExceeded, "the call took too long" });
    } else if (isPaused()) {
        // It is not the client who is late.
        requestUntil = Clock::now() + settings.requestTimeout;
        setDeadline();
    } else {
        abort({ Code::DeadlineExceeded, "the request took too long to come" });
    }
}

void RpcCall::onWake()
{
    bool asked = false;
    {
        Lock lock(mutex);
        asked = std::exchange(wakeAsked, false);
    }
    deliver();
    if (asked && handler) {
        const auto alive = handler;
        alive->onWake();
    }
}

void RpcCall::onClosed(Closed how)
{
    bool finished = false;
    {
        Lock lock(mutex);
        finished = over;
        over = true;
    }
    switch (how) {
        case Closed::Complete:
            close(finished ? std::nullopt
                           : std::optional<Error>(
                               { Code::Internal, "the call was not ended" }));
            break;
        case Closed::ResetByClient:
            close(Error{ Code::Canceled, "the client canceled the call" });
            break;
        case Closed::ResetByServer:
            close(Error{ Code::ResourceExhausted,
                         "the call was reset because of a bound" });
            break;
        case Closed::ConnectionLost:
            close(Error{ Code::Canceled, "the connection was lost" });
            break;
        case Closed::Stopped:
            close(Error{ Code::Unavailable, "the server stops" });
            break;
    }
}

void RpcCall::close(std::optional<Error> reason)
{
    if (handler) {
        const auto last = std::move(handler);
        handler.reset();
        messages.clear();
        messageBytes = 0;
        last->onClosed(std::move(reason));
    }
}

}
