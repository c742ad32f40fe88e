#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

namespace function_service {

// Calls back at a time, on a thread of its own. For what is rare: a call that
// need not wait has no timer. Thread-safe.
class Timers
{
  public:
    using TimePoint = std::chrono::steady_clock::time_point;
    // Names a timer; later ones at the same time come later.
    using Id = std::pair<TimePoint, uint64_t>;

    Timers();

    // As stop().
    ~Timers();

    // No callback runs from then on; must not be called by one.
    void stop();

    // `callback` must not block, and must not throw.
    Id add(TimePoint at, std::function<void()> callback);

    // Its callback may be running already.
    void cancel(const Id& id);

  private:
    void run();

    std::mutex mutex;
    std::condition_variable changed;
    std::map<Id, std::function<void()>> timers;
    uint64_t last = 0;
    bool stopped = false;
    std::thread thread;
};

}
