#include "protocol/timeout.h"

#include <cstdint>

namespace connectrpc::protocol {

namespace {

// A deadline further away than this is none that matters, and a clock's value
// plus it does not overflow.
constexpr std::chrono::hours longest{ 24 * 365 };

std::optional<int64_t> parseDigits(std::string_view text, size_t maxDigits)
{
    if (text.empty() || text.size() > maxDigits) {
        return std::nullopt;
    }
    int64_t number = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') {
            return std::nullopt;
        }
        number = number * 10 + (c - '0');
    }
    return number;
}

template<typename Unit>
std::chrono::nanoseconds bounded(int64_t count)
{
    const auto most = std::chrono::duration_cast<Unit>(longest).count();
    return Unit(count > most ? most : count);
}

}

std::optional<std::chrono::nanoseconds> parseConnectTimeout(
  std::string_view value)
{
    const auto number = parseDigits(value, 10);
    if (!number) {
        return std::nullopt;
    }
    return bounded<std::chrono::milliseconds>(*number);
}

std::optional<std::chrono::nanoseconds> parseGrpcTimeout(std::string_view value)
{
    if (value.empty()) {
        return std::nullopt;
    }
    const auto number = parseDigits(value.substr(0, value.size() - 1), 8);
    if (!number) {
        return std::nullopt;
    }
    switch (value.back()) {
        case 'H':
            return bounded<std::chrono::hours>(*number);
        case 'M':
            return bounded<std::chrono::minutes>(*number);
        case 'S':
            return bounded<std::chrono::seconds>(*number);
        case 'm':
            return bounded<std::chrono::milliseconds>(*number);
        case 'u':
            return bounded<std::chrono::microseconds>(*number);
        case 'n':
            return bounded<std::chrono::nanoseconds>(*number);
        default:
            return std::nullopt;
    }
}

}
