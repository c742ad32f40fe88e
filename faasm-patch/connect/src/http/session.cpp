#include "session.h"
#include "nghttp2_support.h"
#include "session_callbacks.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace connectrpc::http {

namespace {

using namespace std::chrono_literals;

// Frames that cost us work and bring nothing: pings, settings, priorities,
// empty data, window updates, refused streams. (nghttp2 skips unknown frames.)
// Window updates are what a client owes us for our data, so data that is sent
// gives some back.
constexpr double noiseBurst = 10'000;
constexpr double noisePerSecond = 2'000;
constexpr double noisePerDataFrame = 4;

// Streams that their client resets before they were answered, or breaks so that
// we have to ("rapid reset").
constexpr double resetBurst = 500;
constexpr double resetsPerSecond = 100;

// Control frames for one who does not read them.
constexpr size_t maxQueuedFrames = 10'000;

// Between the two GOAWAYs of a drain, unless the ping between them is answered
// before.
constexpr auto drainNotice = 1s;

constexpr uint8_t drainPing[8] = { 'd', 'r', 'a', 'i', 'n', 0, 0, 0 };
constexpr uint8_t keepAlivePing[8] = { 'a', 'l', 'i', 'v', 'e', 0, 0, 0 };

constexpr size_t frameHeaderBytes = 9;

}

Session::Session(const ServerOptions& options,
                 const ExchangeHandlerFactory& factory,
                 Peer peer,
                 std::shared_ptr<Inbox> inbox,
                 TimePoint now)
  : options(options)
  , factory(factory)
  , peer(std::move(peer))
  , inbox(std::move(inbox))
  , now(now)
  , openedAt(now)
  , lastRead(now)
  , idleSince(now)
  , noise(noiseBurst, noisePerSecond)
  , resets(resetBurst, resetsPerSecond)
{
    check(nghttp2_session_server_new2(
      &session, Callbacks::all(), this, Callbacks::sessionOptions()));
    // The first is changed by `produce`.
    const nghttp2_settings_entry settings[] = {
        { NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS,
          NGHTTP2_INITIAL_MAX_CONCURRENT_STREAMS },
        { NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, options.streamWindowBytes },
        { NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE,
          static_cast<uint32_t>(options.maxHeaderBytes) },
    };
    if (nghttp2_submit_settings(
          session, NGHTTP2_FLAG_NONE, settings, std::size(settings)) != 0 ||
        nghttp2_session_set_local_window_size(
          session,
          NGHTTP2_FLAG_NONE,
          0,
          static_cast<int32_t>(options.connectionWindowBytes)) != 0) {
        nghttp2_session_del(session);
        throw std::invalid_argument("no HTTP/2 window has this size");
    }
}

Session::~Session()
{
    nghttp2_session_del(session);
}

bool Session::receive(std::string_view bytes, TimePoint time)
{
    now = time;
    lastRead = now;
    pingSent.reset();
    if (terminated) {
        return true;
    }
    const ssize_t taken = nghttp2_session_mem_recv(
      session, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
    if (taken < 0) {
        return false;
    }
    if (nghttp2_session_get_outbound_queue_size(session) > maxQueuedFrames) {
        enhanceYourCalm();
    }
    return true;
}

bool Session::work(TimePoint time)
{
    now = time;
    while (inbox->fetch(commands)) {
        for (Command& command : commands) {
            apply(command);
        }
        commands.clear();
    }
    return !mustClose;
}

void Session::apply(Command& command)
{
    if (command.kind == Command::Kind::CloseConnection) {
        mustClose = true;
        return;
    }
    // One that is over has left.
    Stream* stream = find(command.stream->id);
    if (stream != command.stream.get()) {
        return;
    }
    switch (command.kind) {
        case Command::Kind::Respond:
            if (command.end) {
                stream->queueEnd({});
            }
            submitResponse(
              *stream, static_cast<int>(command.number), command.fields);
            break;
        case Command::Kind::Write:
            if (stream->queuedBytes() == 0) {
                stream->progressAt = now;
                nextScan = std::min(nextScan, now + options.stallTimeout);
            }
            stream->queue(std::move(command.bytes));
            resumeData(*stream);
            break;
        case Command::Kind::End:
            clearDeadline(*stream);
            stream->queueEnd(std::move(command.fields));
            resumeData(*stream);
            break;
        case Command::Kind::Reset:
            resetStream(*stream, static_cast<ResetCode>(command.number));
            break;
        case Command::Kind::SetDeadline:
            clearDeadline(*stream);
            setDeadline(*stream, command.at);
            break;
        case Command::Kind::Resume:
            handOn(*stream, stream->resume());
            break;
        case Command::Kind::Wake:
            stream->wakeHandler();
            break;
        case Command::Kind::CloseConnection:
            break;
    }
}

void Session::submitResponse(Stream& stream,
                             int status,
                             const Metadata& headers)
{
    stream.responded = true;
    char digits[12];
    const auto [end, error] =
      std::to_chars(digits, digits + sizeof(digits), status);
    std::vector<nghttp2_nv> fields;
    fields.reserve(headers.size() + 1);
    fields.push_back(
      fieldOf(":status", { digits, static_cast<size_t>(end - digits) }));
    for (const auto& [name, value] : headers) {
        fields.push_back(fieldOf(name, value));
    }
    const nghttp2_data_provider body{ .source = { .ptr = &stream },
                                      .read_callback = Callbacks::readBody };
    const bool endsHere = stream.endQueued() && stream.queuedBytes() == 0 &&
                          stream.getTrailers().empty();
    if (endsHere) {
        clearDeadline(stream);
    }
    check(nghttp2_submit_response(session,
                                  stream.id,
                                  fields.data(),
                                  fields.size(),
                                  endsHere ? nullptr : &body));
}

void Session::resumeData(Stream& stream)
{
    if (stream.deferred) {
        stream.deferred = false;
        check(nghttp2_session_resume_data(session, stream.id));
    }
}

void Session::resetStream(Stream& stream, ResetCode code)
{
    stream.resetByServer = true;
    clearDeadline(stream);
    check(nghttp2_submit_rst_stream(
      session, NGHTTP2_FLAG_NONE, stream.id, static_cast<uint32_t>(code)));
}

void Session::setDeadline(Stream& stream, TimePoint at)
{
    stream.deadline = at;
    deadlines.emplace(at, stream.id);
}

void Session::clearDeadline(Stream& stream)
{
    if (stream.deadline) {
        deadlines.erase({ *stream.deadline, stream.id });
        stream.deadline.reset();
    }
}

bool Session::produce(std::string& buffer, size_t limit)
{
    out = &buffer;
    outLimit = limit;
    while (buffer.size() < limit) {
        const uint8_t* bytes = nullptr;
        const ssize_t length = nghttp2_session_mem_send(session, &bytes);
        if (length < 0) {
            return false;
        }
        if (length == 0) {
            break;
        }
        buffer.append(viewOf(bytes, static_cast<size_t>(length)));
        if (!settingsSent) {
            // nghttp2 ends the connection of a client that knows the bound and
            // opens more streams; RFC 9113 (section 5.1.2) has only the stream
            // refused. So nghttp2 knows no bound: the client is told of it
            // here, and onBeginRequest enforces it. The value of the first of
            // the settings is after its frame's header and two bytes.
            settingsSent = true;
            const uint32_t bound = options.maxStreamsPerConnection;
            for (size_t i = 0; i < 4; i++) {
                buffer[frameHeaderBytes + 2 + i] =
                  static_cast<char>(bound >> (24 - 8 * i));
            }
        }
    }
    return true;
}

bool Session::finished() const
{
    return nghttp2_session_want_read(session) == 0 &&
           nghttp2_session_want_write(session) == 0;
}

Session::TimePoint Session::due() const
{
    TimePoint at = TimePoint::max();
    if (!established) {
        at = openedAt + options.handshakeTimeout;
    } else if (streams.empty()) {
        if (!goAwaySent) {
            at = idleSince + options.idleTimeout;
        }
    } else {
        at = pingSent.value_or(lastRead) + options.keepAliveInterval;
    }
    if (headersSince) {
        at = std::min(at, *headersSince + options.stallTimeout);
    }
    if (drainSince && !goAwaySent) {
        at = std::min(at, *drainSince + drainNotice);
    }
    if (!deadlines.empty()) {
        at = std::min(at, deadlines.begin()->first);
    }
    return std::min(at, nextScan);
}

bool Session::onTime(TimePoint time)
{
    now = time;
    if (!established) {
        if (now >= openedAt + options.handshakeTimeout) {
            return false;
        }
    } else if (streams.empty()) {
        if (!goAwaySent && now >= idleSince + options.idleTimeout) {
            terminate(NGHTTP2_NO_ERROR);
        }
    } else if (pingSent) {
        if (now >= *pingSent + options.keepAliveInterval) {
            return false;
        }
    } else if (now >= lastRead + options.keepAliveInterval) {
        pingSent = now;
        check(nghttp2_submit_ping(session, NGHTTP2_FLAG_NONE, keepAlivePing));
    }
    if (headersSince && now >= *headersSince + options.stallTimeout) {
        return false;
    }
    if (drainSince && !goAwaySent && now >= *drainSince + drainNotice) {
        terminate(NGHTTP2_NO_ERROR);
    }
    if (now >= nextScan) {
        resetStalled();
    }
    while (!deadlines.empty() && deadlines.begin()->first <= now) {
        Stream* stream = find(deadlines.begin()->second);
        deadlines.erase(deadlines.begin());
        stream->deadline.reset();
        if (ExchangeHandler* handler = stream->getHandler()) {
            handler->onDeadline();
        }
    }
    return true;
}

void Session::resetStalled()
{
    nextScan = TimePoint::max();
    for (const auto& [id, stream] : streams) {
        if (stream->queuedBytes() == 0 || stream->resetByServer) {
            continue;
        }
        const TimePoint until = stream->progressAt + options.stallTimeout;
        if (until <= now) {
            resetStream(*stream, ResetCode::Cancel);
        } else {
            nextScan = std::min(nextScan, until);
        }
    }
}

void Session::drain(TimePoint time)
{
    if (drainSince || terminated) {
        return;
    }
    now = time;
    drainSince = now;
    check(nghttp2_submit_shutdown_notice(session));
    // Once it is answered the client has seen the notice.
    check(nghttp2_submit_ping(session, NGHTTP2_FLAG_NONE, drainPing));
}

void Session::terminate(uint32_t errorCode)
{
    if (errorCode == NGHTTP2_NO_ERROR) {
        // What is open may end.
        goAwaySent = true;
        check(nghttp2_submit_goaway(
          session,
          NGHTTP2_FLAG_NONE,
          nghttp2_session_get_last_proc_stream_id(session),
          errorCode,
          nullptr,
          0));
    } else if (!terminated) {
        terminated = true;
        check(nghttp2_session_terminate_session(session, errorCode));
    }
}

void Session::close(ExchangeHandler::Closed how)
{
    inbox->close();
    deadlines.clear();
    const auto open = std::exchange(streams, {});
    for (const auto& [id, stream] : open) {
        stream->close(how);
    }
}

void Session::onBeginFrame(const nghttp2_frame_hd& header)
{
    if (header.type != NGHTTP2_CONTINUATION) {
        headersSince.reset();
    }
    switch (header.type) {
        case NGHTTP2_HEADERS:
            headersSince = now;
            if (streams.size() >= options.maxStreamsPerConnection) {
                countNoise();
            }
            break;
        case NGHTTP2_DATA:
            if (header.length == 0 &&
                (header.flags & NGHTTP2_FLAG_END_STREAM) == 0) {
                countNoise();
            }
            break;
        default:
            countNoise();
    }
}

void Session::onBeginRequest(int32_t id)
{
    if (streams.size() >= options.maxStreamsPerConnection) {
        check(nghttp2_submit_rst_stream(
          session, NGHTTP2_FLAG_NONE, id, NGHTTP2_REFUSED_STREAM));
        return;
    }
    auto stream = std::make_shared<Stream>(id, inbox, options);
    stream->theRequest.peer = peer;
    streams.emplace(id, std::move(stream));
}

void Session::onHeader(Stream& stream,
                       std::string_view name,
                       std::string_view value)
{
    if (stream.headersTooLarge) {
        return;
    }
    // As RFC 9113 section 6.5.2 counts.
    stream.headerBytes += name.size() + value.size() + 32;
    if (stream.headerBytes > options.maxHeaderBytes) {
        stream.headersTooLarge = true;
        stream.theRequest.headers = {};
        return;
    }
    if (name == ":method") {
        stream.theRequest.method = value;
    } else if (name == ":path") {
        stream.theRequest.target = value;
    } else if (name == ":authority") {
        stream.authority = value;
    } else if (name[0] != ':') {
        stream.theRequest.headers.add(std::string(name), std::string(value));
    }
}

void Session::onRequest(Stream& stream)
{
    const bool mayStay = stream.keepHeaders();
    if (stream.headersTooLarge) {
        stream.queueEnd({});
        submitResponse(stream, 431, {});
        if (!resets.take(now)) {
            enhanceYourCalm();
        }
        return;
    }
    if (!mayStay) {
        resetStream(stream, ResetCode::RefusedStream);
        countNoise();
        return;
    }
    if (!stream.authority.empty()) {
        stream.theRequest.headers.set("host", std::move(stream.authority));
    }
    stream.setHandler(factory(stream.shared_from_this()));
}

void Session::onData(int32_t id, std::string_view bytes)
{
    // One stream that does not read must not hold up the others.
    check(nghttp2_session_consume_connection(session, bytes.size()));
    if (Stream* stream = find(id)) {
        handOn(*stream, stream->receive(bytes));
    }
}

void Session::handOn(Stream& stream, size_t count)
{
    if (count > 0) {
        check(nghttp2_session_consume_stream(session, stream.id, count));
    }
}

void Session::onFrame(const nghttp2_frame& frame)
{
    established = true;
    const int32_t id = frame.hd.stream_id;
    switch (frame.hd.type) {
        case NGHTTP2_HEADERS:
            headersSince.reset();
            if (Stream* stream = find(id)) {
                if (frame.headers.cat == NGHTTP2_HCAT_REQUEST) {
                    onRequest(*stream);
                }
                if ((frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
                    stream->receiveEnd();
                }
            }
            break;
        case NGHTTP2_DATA:
            if ((frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
                if (Stream* stream = find(id)) {
                    stream->receiveEnd();
                }
            }
            break;
        case NGHTTP2_RST_STREAM:
            if (Stream* stream = find(id)) {
                stream->resetByClient = true;
            }
            break;
        case NGHTTP2_PING:
            if ((frame.hd.flags & NGHTTP2_FLAG_ACK) != 0 && drainSince &&
                !goAwaySent &&
                std::equal(std::begin(drainPing),
                           std::end(drainPing),
                           frame.ping.opaque_data)) {
                terminate(NGHTTP2_NO_ERROR);
            }
            break;
        default:
            break;
    }
}

void Session::onFrameSent(const nghttp2_frame& frame)
{
    if ((frame.hd.type == NGHTTP2_HEADERS || frame.hd.type == NGHTTP2_DATA) &&
        (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0 &&
        nghttp2_session_get_stream_remote_close(session, frame.hd.stream_id) ==
          0) {
        // RFC 9113 section 8.1: the rest of the request is not wanted.
        check(nghttp2_submit_rst_stream(
          session, NGHTTP2_FLAG_NONE, frame.hd.stream_id, NGHTTP2_NO_ERROR));
    }
}

void Session::onStreamClosed(int32_t id, uint32_t errorCode)
{
    const auto found = streams.find(id);
    if (found == streams.end()) {
        return;
    }
    const std::shared_ptr<Stream> stream = found->second;
    clearDeadline(*stream);
    streams.erase(found);
    if (streams.empty()) {
        idleSince = now;
    }
    using Closed = ExchangeHandler::Closed;
    Closed how = Closed::Complete;
    if (stream->resetByServer) {
        how = Closed::ResetByServer;
    } else if (stream->resetByClient) {
        how = Closed::ResetByClient;
    } else if (errorCode != NGHTTP2_NO_ERROR) {
        // nghttp2 found the client in the wrong.
        how = Closed::ResetByServer;
    }
    const bool clientsFault = !stream->resetByServer && how != Closed::Complete;
    if (clientsFault && !resets.take(now)) {
        enhanceYourCalm();
    }
    stream->close(how);
}

ssize_t Session::readBody(int32_t id, size_t length, uint32_t* flags)
{
    Stream* stream = find(id);
    if (stream == nullptr) {
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    const size_t count = std::min(length, stream->queuedBytes());
    if (count == 0 && !stream->endQueued()) {
        stream->deferred = true;
        return NGHTTP2_ERR_DEFERRED;
    }
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (count == stream->queuedBytes() && stream->endQueued()) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
        const Metadata& trailers = stream->getTrailers();
        if (!trailers.empty()) {
            *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
            std::vector<nghttp2_nv> fields;
            fields.reserve(trailers.size());
            for (const auto& [name, value] : trailers) {
                fields.push_back(fieldOf(name, value));
            }
            check(nghttp2_submit_trailer(
              session, id, fields.data(), fields.size()));
        }
    }
    return static_cast<ssize_t>(count);
}

int Session::sendBody(Stream& stream, const uint8_t* header, size_t length)
{
    if (out->size() >= outLimit) {
        return NGHTTP2_ERR_WOULDBLOCK;
    }
    out->append(viewOf(header, frameHeaderBytes));
    if (length > 0) {
        stream.progressAt = now;
        stream.take(length, *out);
        noise.giveBack(noisePerDataFrame);
    }
    return 0;
}

void Session::countNoise()
{
    if (!noise.take(now)) {
        enhanceYourCalm();
    }
}

void Session::enhanceYourCalm()
{
    terminate(NGHTTP2_ENHANCE_YOUR_CALM);
}

Stream* Session::find(int32_t id)
{
    const auto found = streams.find(id);
    return found == streams.end() ? nullptr : found->second.get();
}

}
