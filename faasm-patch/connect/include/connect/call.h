#pragma once

#include <connect/error.h>
#include <connect/metadata.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace connectrpc {

// How messages are encoded. The library hands the bytes on as they are.
enum class Codec
{
    Proto,
    Json,
};

enum class StreamKind
{
    Unary,
    ClientStream,
    ServerStream,
    BidiStream,
};

// Who is at the other end of a connection.
struct Peer
{
    // `address:port`
    std::string address;
    bool tls = false;
    // Subject of the client certificate when one was given and verified, in RFC
    // 2253 form; else empty.
    std::string certificateSubject = {};
};

// One call, as the service's handler sees it. Thread-safe: every method may be
// called from any thread, also after the call is over (it then does nothing).
class Call
{
  public:
    virtual ~Call() = default;

    virtual const Metadata& requestHeaders() const = 0;

    virtual Codec codec() const = 0;

    // True when the request came as a Connect GET.
    virtual bool isGet() const = 0;

    // From the client's timeout header. The library ends the call with
    // deadline_exceeded at this time; a handler needs it only to tell others.
    virtual std::optional<std::chrono::steady_clock::time_point> deadline()
      const = 0;

    virtual const Peer& peer() const = 0;

    // Adds one; before the first send, sendHeaders and finish.
    virtual void setResponseHeader(std::string name, std::string value) = 0;

    // Adds one; before finish.
    virtual void setResponseTrailer(std::string name, std::string value) = 0;

    // Streams only: sends the headers now, before there is a message.
    virtual void sendHeaders() = 0;

    // Queues one message and returns at once; false when the call is over. A
    // call whose unsent bytes would exceed
    // ServerOptions::maxUnsentBytesPerStream ends with resource_exhausted.
    virtual bool send(std::string message) = 0;

    // Queued bytes that HTTP/2's flow control has not let through yet.
    virtual size_t unsentBytes() const = 0;

    // Calls CallHandler::onWake, on the strand and soon: once for all wakes
    // until then. Whoever answers from many threads collects there what is
    // ready and sends it as one message.
    virtual void wake() {}

    // Success. Of a unary call or a client stream there must have been exactly
    // one message.
    virtual void finish() = 0;

    virtual void finish(Error error) = 0;

    // Delivers no further message and grants the client no further window,
    // until resumeReading.
    virtual void pauseReading() = 0;

    virtual void resumeReading() = 0;
};

// What a service writes, one object per call. Called on the connection's
// strand, never concurrently for one call, so it must not block.
class CallHandler
{
  public:
    virtual ~CallHandler() = default;

    virtual void onMessage(std::string message) = 0;

    // The client sends nothing more.
    virtual void onEnd() {}

    // Call::unsentBytes fell to a quarter of
    // ServerOptions::maxUnsentBytesPerStream or below, after having been above
    // half of it.
    virtual void onWritable() {}

    // After Call::wake.
    virtual void onWake() {}

    // Exactly once, and last: the call is over. Nothing when it was finished
    // and all of it was handed to the connection; else what ended it (the
    // client's reset, the deadline, a lost connection, a malformed request).
    virtual void onClosed(std::optional<Error> /*reason*/) {}
};

struct Method
{
    // Such as `/faasm.rpc.v1.FunctionService/Invoke`.
    std::string path;
    StreamKind kind = StreamKind::Unary;
    // Unary without side effects: may also be called by GET.
    bool idempotent = false;
    // Largest message that is accepted, after decompression; 0 means
    // ServerOptions::maxMessageBytes.
    size_t maxMessageBytes = 0;
};

// Makes the handler of a call. May finish the call at once (unauthenticated,
// for example); the handler then only hears onClosed. Must not return null, and
// must not throw.
//
// Call and handler must not keep each other alive: the library holds both until
// onClosed, and a handler that keeps its call lets it go there.
using HandlerFactory =
  std::function<std::shared_ptr<CallHandler>(std::shared_ptr<Call>)>;

}
