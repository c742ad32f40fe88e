#pragma once

#include "journal.h"

#include <function_service/invoker.h>
#include <function_service/timers.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

namespace function_server {

// Functions of this process. What takes no time is answered at once, what waits
// by a timer, and what burns CPU by a thread of a pool. Thread-safe.
class NativeInvoker : public function_service::Invoker
{
  public:
    struct Options
    {
        uint32_t slots;
        unsigned threads;
        // `echo` answers after a random time between these.
        std::pair<std::chrono::milliseconds, std::chrono::milliseconds>
          echoDelay;
        // Empty: none.
        std::string journal;
    };

    explicit NativeInvoker(const Options& options);

    // Answers what still runs.
    ~NativeInvoker() override;

    uint64_t submit(
      function_service::Run run,
      std::function<void(function_service::Outcome)> done) override;

    void cancel(uint64_t id) override;

    uint32_t capacity() const override { return options.slots; }

    // It never does.
    void onCapacityChange(std::function<void()> /*changed*/) override {}

  private:
    using TimePoint = std::chrono::steady_clock::time_point;
    using Done = std::function<void(function_service::Outcome)>;

    struct Running
    {
        function_service::Run run;
        Done done;
        TimePoint startedAt;
        std::atomic<bool> stop{ false };
        std::optional<function_service::Timers::Id> timer = {};
    };

    void begin(uint64_t id, const std::shared_ptr<Running>& running);
    // Answers then, or with TIMEOUT at the deadline if that comes first.
    void answerAt(uint64_t id,
                  const std::shared_ptr<Running>& running,
                  TimePoint at);
    void burn(uint64_t id, Running& running);
    void work();
    // The first one counts.
    void finish(uint64_t id, std::string output);
    void fail(uint64_t id, function_service::ErrorKind kind, bool mayHaveRun);
    std::shared_ptr<Running> take(uint64_t id);
    std::chrono::microseconds echoDelay();

    const Options options;
    std::unique_ptr<Journal> journal;
    std::atomic<uint64_t> lastId{ 0 };

    std::mutex mutex;
    std::unordered_map<uint64_t, std::shared_ptr<Running>> open;
    std::mt19937_64 random{ 1 };

    std::mutex poolMutex;
    std::condition_variable poolChanged;
    std::deque<std::pair<uint64_t, std::shared_ptr<Running>>> tasks;
    bool stopped = false;
    std::vector<std::thread> pool;

    function_service::Timers timers;
};

}
