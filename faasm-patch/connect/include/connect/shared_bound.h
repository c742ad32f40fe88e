#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace connectrpc {

// A bound of bytes for all holders together (connections, sessions). Above it
// those that hold more than their equal share have to do without more; one that
// holds little never pays for those that hold much. Thread-safe.
class SharedBound
{
  public:
    explicit SharedBound(size_t maxBytes)
      : maxBytes(static_cast<int64_t>(maxBytes))
    {}

    // A holder has so many bytes more (or less) than before.
    void change(int64_t by) { bytes.fetch_add(by, std::memory_order_relaxed); }

    void countHolders(int64_t by)
    {
        holders.fetch_add(by, std::memory_order_relaxed);
    }

    int64_t get() const { return bytes.load(std::memory_order_relaxed); }

    // Whether a holder that would have `own` bytes has to do without. With
    // `times` the bound is as many times as large, the share is not.
    bool isExceededBy(size_t own, int64_t times = 1) const
    {
        return get() > times * maxBytes &&
               static_cast<int64_t>(own) *
                   holders.load(std::memory_order_relaxed) >
                 maxBytes;
    }

  private:
    const int64_t maxBytes;
    std::atomic<int64_t> bytes{ 0 };
    std::atomic<int64_t> holders{ 0 };
};

}
