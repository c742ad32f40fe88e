#pragma once

#include <function_service/options.h>

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace function_service {

// When a call that asks for `timeoutMs` (0: the default) has to be answered.
inline std::chrono::steady_clock::time_point deadlineOf(
  uint32_t timeoutMs,
  const ServiceOptions& options)
{
    const std::chrono::milliseconds asked =
      timeoutMs == 0 ? options.timeout : std::chrono::milliseconds(timeoutMs);
    return std::chrono::steady_clock::now() +
           std::min(asked, options.maxTimeout);
}

// Most calls that a session may have unanswered.
inline uint32_t creditsOf(const ServiceOptions& options, uint32_t capacity)
{
    if (options.credits != 0) {
        return options.credits;
    }
    return static_cast<uint32_t>(
      std::clamp<uint64_t>(capacity + options.maxQueuedCalls, 1, 1024));
}

}
