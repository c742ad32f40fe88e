#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace function_service {

// A session's frames with results, from when they are made until the client
// acknowledges them, and how far the stream has been sent them. Not
// thread-safe.
class RetainedFrames
{
  public:
    // The number of the newest frame; the next has one more.
    uint64_t last() const { return newest; }

    // The stream is sent it now. Returns it.
    const std::string& add(std::string frame);

    // Forgets those up to `sequence`, which must not be more than last().
    void acknowledge(uint64_t sequence);

    // A new stream has been sent none of them.
    void rewind() { sent = newest - frames.size(); }

    // The next that the stream has not been sent; it counts as sent.
    std::optional<std::string> takeUnsent();

    size_t bytes() const { return frameBytes; }
    size_t size() const { return frames.size(); }
    bool empty() const { return frames.empty(); }

  private:
    // Those with the numbers up to `newest`, without a gap.
    std::deque<std::string> frames;
    size_t frameBytes = 0;
    uint64_t newest = 0;
    uint64_t sent = 0;
};

}
