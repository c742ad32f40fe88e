#include "channel_stream.h"
#include "wire/client_frame.h"

namespace function_service {

using connectrpc::Code;

namespace {

// Some clients that abort half-close first, and reset the stream right after:
// that has to be heard before the session is forgotten.
constexpr std::chrono::milliseconds RESET_TIME{ 20 };

}

ChannelStream::ChannelStream(std::shared_ptr<connectrpc::Call> call,
                             std::shared_ptr<Sessions> sessions,
                             std::shared_ptr<Timers> timers,
                             std::shared_ptr<Counters> counters)
  : port(std::make_shared<Port>(std::move(call)))
  , sessions(std::move(sessions))
  , timers(std::move(timers))
  , counters(std::move(counters))
{
    Counters::add(this->counters->streams);
}

void ChannelStream::onMessage(std::string message)
{
    if (ended) {
        return;
    }
    Counters::add(counters->framesReceived);
    try {
        receive(port->decode(std::move(message)));
    } catch (const StreamError& error) {
        fail(error);
    }
}

void ChannelStream::receive(const std::string& message)
{
    const ClientFrame frame = decodeClientFrame(message);
    if (session) {
        if (frame.hello) {
            throw StreamError(Code::InvalidArgument,
                              "a stream may have one hello only");
        }
        session->receive(port, frame);
        return;
    }
    // The session is known before the rest of the frame is looked at, which may
    // be wrong.
    session = sessions->open(frame.hello, port);
    session->receive(port, frame);
    sessions->opened(*session);
}

void ChannelStream::onEnd()
{
    if (ended) {
        return;
    }
    if (session) {
        halfClosedAt = std::chrono::steady_clock::now();
        timers->add(*halfClosedAt + RESET_TIME, [weak = std::weak_ptr(port)] {
            if (const auto stream = weak.lock()) {
                stream->wake();
            }
        });
    } else {
        ended = true;
        port->end(std::nullopt);
    }
}

void ChannelStream::onWake()
{
    if (ended || !session) {
        return;
    }
    if (halfClosedAt &&
        std::chrono::steady_clock::now() >= *halfClosedAt + RESET_TIME) {
        halfClosedAt.reset();
        session->halfClose(port);
    } else {
        session->flush(port);
    }
}

void ChannelStream::onClosed(std::optional<connectrpc::Error> /*reason*/)
{
    ended = true;
    if (session) {
        session->detach(port);
        session.reset();
    }
    port.reset();
}

void ChannelStream::fail(const StreamError& error)
{
    ended = true;
    Counters::add(counters->streamErrors);
    if (session) {
        session->detach(port);
        session.reset();
    }
    port->end(error);
}

}
