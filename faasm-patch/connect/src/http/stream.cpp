#include "stream.h"

#include <connect/server.h>

#include <algorithm>

namespace connectrpc::http {

namespace {

constexpr size_t smallChunk = 1024;

// What a stream costs besides its headers, about: here, in nghttp2 and in the
// protocols.
constexpr size_t streamCost = 2 * 1024;

}

Stream::Stream(int32_t id,
               std::shared_ptr<Inbox> inbox,
               const ServerOptions& options)
  : id(id)
  , inbox(std::move(inbox))
  , maxUnsent(options.maxUnsentBytesPerStream)
  , maxUnsentOfConnection(options.maxUnsentBytesPerConnection)
  , maxUnfinishedOfConnection(options.maxUnfinishedBytesPerConnection)
{}

void Stream::respond(int status, Metadata headers, bool end)
{
    auto lock = inbox->lock();
    if (closed || ended || respondAsked) {
        return;
    }
    respondAsked = true;
    ended = end;
    inbox->push(std::move(lock),
                { .kind = Command::Kind::Respond,
                  .stream = shared_from_this(),
                  .fields = std::move(headers),
                  .number = static_cast<uint32_t>(status),
                  .end = end });
}

bool Stream::write(std::string bytes)
{
    auto lock = inbox->lock();
    if (closed || ended) {
        return false;
    }
    if (bytes.empty()) {
        return true;
    }
    const size_t total = unsent.load(std::memory_order_relaxed) + bytes.size();
    const size_t ofConnection = inbox->unsent + bytes.size();
    if (total > maxUnsent || inbox->bound->isExceededBy(ofConnection)) {
        ended = true;
        inbox->push(
          std::move(lock),
          { .kind = Command::Kind::Reset,
            .stream = shared_from_this(),
            .number = static_cast<uint32_t>(ResetCode::EnhanceYourCalm) });
        return false;
    }
    if (ofConnection > maxUnsentOfConnection) {
        ended = true;
        if (!inbox->overflown) {
            inbox->overflown = true;
            inbox->push(std::move(lock),
                        { .kind = Command::Kind::CloseConnection,
                          .stream = shared_from_this() });
        }
        return false;
    }
    inbox->unsent = ofConnection;
    inbox->bound->change(static_cast<int64_t>(bytes.size()));
    unsent.store(total, std::memory_order_relaxed);
    aboveHalf = aboveHalf || total > maxUnsent / 2;
    inbox->push(std::move(lock),
                { .kind = Command::Kind::Write,
                  .stream = shared_from_this(),
                  .bytes = std::move(bytes) });
    return true;
}

void Stream::end(Metadata trailers)
{
    auto lock = inbox->lock();
    if (closed || ended) {
        return;
    }
    ended = true;
    inbox->push(std::move(lock),
                { .kind = Command::Kind::End,
                  .stream = shared_from_this(),
                  .fields = std::move(trailers) });
}

void Stream::reset(ResetCode code)
{
    auto lock = inbox->lock();
    if (closed) {
        return;
    }
    ended = true;
    inbox->push(std::move(lock),
                { .kind = Command::Kind::Reset,
                  .stream = shared_from_this(),
                  .number = static_cast<uint32_t>(code) });
}

size_t Stream::unsentBytes() const
{
    return unsent.load(std::memory_order_relaxed);
}

bool Stream::keep(size_t bytes)
{
    return keep(bytesOfHandler, bytes);
}

bool Stream::keepHeaders()
{
    headersComplete = true;
    return keep(bytesOfHeaders, streamCost + headerBytes);
}

bool Stream::keep(size_t& part, size_t bytes)
{
    const size_t total = inbox->unfinished - part + bytes;
    if (bytes > part && (total > maxUnfinishedOfConnection ||
                         inbox->bound->isExceededBy(total))) {
        return false;
    }
    inbox->bound->change(static_cast<int64_t>(bytes) -
                         static_cast<int64_t>(part));
    inbox->unfinished = total;
    part = bytes;
    return true;
}

void Stream::wake()
{
    auto lock = inbox->lock();
    if (closed || wakePending) {
        return;
    }
    wakePending = true;
    inbox->push(std::move(lock),
                { .kind = Command::Kind::Wake, .stream = shared_from_this() });
}

void Stream::setDeadline(TimePoint at)
{
    auto lock = inbox->lock();
    if (closed) {
        return;
    }
    inbox->push(std::move(lock),
                { .kind = Command::Kind::SetDeadline,
                  .stream = shared_from_this(),
                  .at = at });
}

void Stream::pauseReading()
{
    paused = true;
}

void Stream::resumeReading()
{
    if (!paused.exchange(false)) {
        return;
    }
    auto lock = inbox->lock();
    if (closed) {
        return;
    }
    inbox->push(
      std::move(lock),
      { .kind = Command::Kind::Resume, .stream = shared_from_this() });
}

void Stream::setHandler(std::shared_ptr<ExchangeHandler> itsHandler)
{
    handler = std::move(itsHandler);
}

bool Stream::holds() const
{
    return paused || !kept.empty();
}

size_t Stream::receive(std::string_view bytes)
{
    if (!handler) {
        return bytes.size();
    }
    if (holds()) {
        if (keep(bytesOfKept, kept.size() + bytes.size())) {
            kept.append(bytes);
        } else {
            reset(ResetCode::EnhanceYourCalm);
        }
        return 0;
    }
    handler->onBody(bytes);
    return bytes.size();
}

void Stream::receiveEnd()
{
    requestEnded = true;
    if (handler && !endTold && !holds()) {
        endTold = true;
        handler->onEnd();
    }
}

size_t Stream::resume()
{
    size_t count = 0;
    // The handler may pause again at once.
    if (!paused && !kept.empty() && handler) {
        const std::string bytes = std::exchange(kept, {});
        keep(bytesOfKept, 0);
        count = bytes.size();
        handler->onBody(bytes);
    }
    if (requestEnded) {
        receiveEnd();
    }
    return count;
}

void Stream::queue(std::string bytes)
{
    queued += bytes.size();
    // Many small messages for one who does not read would cost more in strings
    // than in bytes.
    if (!chunks.empty() && bytes.size() < smallChunk &&
        chunks.back().size() < 16 * smallChunk) {
        chunks.back().append(bytes);
    } else {
        chunks.push_back(std::move(bytes));
    }
}

void Stream::queueEnd(Metadata itsTrailers)
{
    bodyEnd = true;
    trailers = std::move(itsTrailers);
}

void Stream::take(size_t length, std::string& out)
{
    for (size_t rest = length; rest > 0;) {
        std::string& chunk = chunks[first];
        const size_t count = std::min(rest, chunk.size() - offset);
        out.append(chunk, offset, count);
        rest -= count;
        offset += count;
        if (offset == chunk.size()) {
            // Its memory is wanted elsewhere long before the vector is empty.
            std::string().swap(chunk);
            first++;
            offset = 0;
        }
    }
    if (first == chunks.size()) {
        chunks.clear();
        first = 0;
    } else if (first >= 1024 && first * 2 >= chunks.size()) {
        // One who never catches up must not let the vector grow.
        chunks.erase(chunks.begin(),
                     chunks.begin() + static_cast<std::ptrdiff_t>(first));
        first = 0;
    }
    queued -= length;

    auto lock = inbox->lock();
    const size_t left = unsent.load(std::memory_order_relaxed) - length;
    unsent.store(left, std::memory_order_relaxed);
    inbox->unsent -= length;
    inbox->bound->change(-static_cast<int64_t>(length));
    const bool writable = aboveHalf && left <= maxUnsent / 4;
    if (writable) {
        aboveHalf = false;
    }
    lock.unlock();
    if (writable && handler) {
        handler->onWritable();
    }
}

void Stream::wakeHandler()
{
    {
        auto lock = inbox->lock();
        wakePending = false;
    }
    if (handler) {
        handler->onWake();
    }
}

void Stream::close(ExchangeHandler::Closed how)
{
    {
        auto lock = inbox->lock();
        closed = true;
        ended = true;
        const size_t left = unsent.load(std::memory_order_relaxed);
        inbox->unsent -= left;
        inbox->bound->change(-static_cast<int64_t>(left));
        unsent.store(0, std::memory_order_relaxed);
    }
    std::vector<std::string>().swap(chunks);
    std::string().swap(kept);
    queued = 0;
    for (size_t* part : { &bytesOfHeaders, &bytesOfKept, &bytesOfHandler }) {
        keep(*part, 0);
    }
    if (auto last = std::exchange(handler, nullptr)) {
        last->onClosed(how);
    }
}

}
