#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace function_service {

// What all sessions keep for their clients together: results without
// acknowledgement, and inputs held back. Thread-safe.
class KeptBytes
{
  public:
    // From `maxBytes` on, sessions with more than their share have to wait.
    explicit KeptBytes(size_t maxBytes)
      : maxBytes(maxBytes)
    {}

    // A session keeps so many bytes more (or less) than before.
    void change(int64_t by) { bytes += by; }

    void countSessions(int64_t by) { sessions += by; }

    int64_t get() const { return bytes; }

    // Whether a session with `own` bytes has to wait. One that keeps little
    // never pays for those that keep much.
    bool isExceededBy(size_t own) const
    {
        const auto most = static_cast<int64_t>(maxBytes);
        return bytes > most && static_cast<int64_t>(own) * sessions > most;
    }

  private:
    const size_t maxBytes;
    std::atomic<int64_t> bytes{ 0 };
    std::atomic<int64_t> sessions{ 0 };
};

}
