#pragma once

#include <function_service/invoker.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace function_service {

// What has happened since the start. Thread-safe.
struct Counters
{
    using Count = std::atomic<uint64_t>;

    static constexpr size_t KINDS =
      static_cast<size_t>(ErrorKind::InvalidFunction) + 1;

    Count calls{ 0 };
    Count outputs{ 0 };
    std::array<Count, KINDS> errors{};
    Count inputBytes{ 0 };
    Count outputBytes{ 0 };
    Count executedUs{ 0 };
    Count queuedUs{ 0 };
    Count framesReceived{ 0 };
    Count framesSent{ 0 };
    Count streams{ 0 };
    Count streamErrors{ 0 };
    Count sessionsOpened{ 0 };
    Count sessionsResumed{ 0 };
    Count sessionsExpired{ 0 };

    static void add(Count& count, uint64_t by = 1)
    {
        count.fetch_add(by, std::memory_order_relaxed);
    }
};

}
