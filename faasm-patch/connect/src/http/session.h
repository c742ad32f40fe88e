#pragma once

#include "exchange.h"
#include "inbox.h"
#include "rate_limit.h"
#include "stream.h"

#include <connect/server.h>

#include <nghttp2/nghttp2.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace connectrpc::http {

// HTTP/2 of one connection without its I/O: takes bytes, gives bytes, and tells
// when it wants to be called. For the strand only. No method may be called from
// within an ExchangeHandler, whose calls go through the inbox for that reason.
class Session
{
  public:
    using TimePoint = std::chrono::steady_clock::time_point;

    Session(const ServerOptions& options,
            const ExchangeHandlerFactory& factory,
            Peer peer,
            std::shared_ptr<Inbox> inbox,
            TimePoint now);
    ~Session();

    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    // False when the connection can't go on.
    [[nodiscard]] bool receive(std::string_view bytes, TimePoint now);

    // Does what the inbox asks for; false when the connection has to end.
    [[nodiscard]] bool work(TimePoint now);

    // Appends frames to `out` until it is about `limit` long.
    [[nodiscard]] bool produce(std::string& out, size_t limit);

    // There is nothing more to send or to wait for.
    bool finished() const;

    // When onTime has to be called, unless something happens before.
    TimePoint due() const;

    // False when the peer was silent for too long.
    [[nodiscard]] bool onTime(TimePoint now);

    // Lets the open streams end, and takes no more.
    void drain(TimePoint now);

    // GOAWAY at once.
    void terminate(uint32_t errorCode);

    // Tells all handlers. Only the destructor may follow.
    void close(ExchangeHandler::Closed how);

  private:
    struct Callbacks;

    void apply(Command& command);
    void submitResponse(Stream& stream, int status, const Metadata& headers);
    void resumeData(Stream& stream);
    void resetStream(Stream& stream, ResetCode code);
    void setDeadline(Stream& stream, TimePoint at);
    void clearDeadline(Stream& stream);
    void resetStalled();

    void onBeginFrame(const nghttp2_frame_hd& header);
    void onBeginRequest(int32_t id);
    void onHeader(Stream& stream,
                  std::string_view name,
                  std::string_view value);
    void onRequest(Stream& stream);
    void onData(int32_t id, std::string_view bytes);
    void onFrame(const nghttp2_frame& frame);
    void onFrameSent(const nghttp2_frame& frame);
    void onStreamClosed(int32_t id, uint32_t errorCode);
    ssize_t readBody(int32_t id, size_t length, uint32_t* flags);
    int sendBody(Stream& stream, const uint8_t* header, size_t length);

    void handOn(Stream& stream, size_t count);
    void countNoise();
    void enhanceYourCalm();
    Stream* find(int32_t id);

    const ServerOptions& options;
    const ExchangeHandlerFactory& factory;
    const Peer peer;
    const std::shared_ptr<Inbox> inbox;
    nghttp2_session* session = nullptr;

    std::unordered_map<int32_t, std::shared_ptr<Stream>> streams;
    std::set<std::pair<TimePoint, int32_t>> deadlines;
    std::vector<Command> commands;
    // Where `produce` writes to.
    std::string* out = nullptr;
    size_t outLimit = 0;
    bool settingsSent = false;

    bool established = false;
    bool terminated = false;
    bool mustClose = false;
    bool goAwaySent = false;

    TimePoint now;
    const TimePoint openedAt;
    TimePoint lastRead;
    TimePoint idleSince;
    // When the first frame of a header block came whose last has not come yet.
    std::optional<TimePoint> headersSince;
    std::optional<TimePoint> pingSent;
    std::optional<TimePoint> drainSince;
    TimePoint nextScan{ TimePoint::max() };

    RateLimit noise;
    RateLimit resets;
};

}
