#pragma once

#include <algorithm>
#include <chrono>

namespace connectrpc::http {

// A token bucket. Not thread-safe.
class RateLimit
{
  public:
    using TimePoint = std::chrono::steady_clock::time_point;

    RateLimit(double burst, double perSecond)
      : burst(burst)
      , perSecond(perSecond)
      , tokens(burst)
    {}

    // False when there was none left.
    bool take(TimePoint now)
    {
        if (tokens < 1) {
            const std::chrono::duration<double> passed = now - filledAt;
            tokens = std::min(burst, tokens + passed.count() * perSecond);
            filledAt = now;
            if (tokens < 1) {
                return false;
            }
        } else if (tokens == burst) {
            filledAt = now;
        }
        tokens -= 1;
        return true;
    }

    void giveBack(double count) { tokens = std::min(burst, tokens + count); }

  private:
    const double burst;
    const double perSecond;
    double tokens;
    TimePoint filledAt{};
};

}
