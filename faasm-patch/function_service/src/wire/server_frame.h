#pragma once

#include <function_service/invoker.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace function_service {

// Where a call's time went: the contract's Timings.
struct ResultTimings
{
    uint32_t queuedUs = 0;
    uint32_t executedUs = 0;
    bool cold = false;
    // On the machine's monotonic clock; 0 unless the caller asked for details.
    uint64_t arrivedAtUs = 0;
};

// The contract's Result.
struct FrameResult
{
    uint64_t id = 0;
    // The output, or why there is none.
    std::variant<std::string, CallError> outcome;
    // Only when the call asked for it.
    std::optional<ResultTimings> timings;
};

// Bytes that a result adds to a frame.
size_t resultFieldSize(const FrameResult& result);

// A frame with results [first, last) of `results`, by hand and in one pass:
// this is done for every call.
std::string encodeResults(uint64_t sequence,
                          const FrameResult* first,
                          const FrameResult* last);

// A frame without results, of an encoded Welcome or GoAway.
std::string encodeWelcome(std::string_view welcome);
std::string encodeGoAway(std::string_view goAway);
std::string encodeCredits(uint32_t credits);

}
