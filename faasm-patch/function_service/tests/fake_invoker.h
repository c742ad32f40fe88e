#pragma once

#include <function_service/invoker.h>

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace tests {

// `echo` answers at once, everything else when the test says so. Thread-safe.
class FakeInvoker : public function_service::Invoker
{
  public:
    using Done = std::function<void(function_service::Outcome)>;

    std::atomic<uint32_t> slots{ 1000 };
    // So many submits find it busy.
    std::atomic<int> busy{ 0 };

    uint64_t submit(function_service::Run run, Done done) override
    {
        if (busy > 0) {
            busy--;
            done({ .result = function_service::Busy{} });
            return 0;
        }
        std::unique_lock lock(mutex);
        const uint64_t id = ++last;
        runs[run.input]++;
        names.push_back(run.function);
        if (run.function == "echo") {
            lock.unlock();
            done({ .result = std::move(run.input) });
        } else {
            open.emplace(id, std::pair(std::move(run), std::move(done)));
        }
        return id;
    }

    void cancel(uint64_t id) override
    {
        finish(id,
               { .result = function_service::CallError{
                   .kind = function_service::ErrorKind::Cancelled,
                   .message = "cancelled",
                   .mayHaveRun = true } });
    }

    uint32_t capacity() const override { return slots; }

    void onCapacityChange(std::function<void()> callback) override
    {
        changed = std::move(callback);
    }

    void setSlots(uint32_t count)
    {
        slots = count;
        changed();
    }

    // Answers the n-th of those that run, by its input.
    bool answer(size_t n)
    {
        uint64_t id;
        std::string output;
        {
            std::lock_guard lock(mutex);
            if (open.empty()) {
                return false;
            }
            auto it = open.begin();
            std::advance(it, n % open.size());
            id = it->first;
            output = it->second.first.input;
        }
        finish(id, { .result = std::move(output) });
        return true;
    }

    void finish(uint64_t id, function_service::Outcome outcome)
    {
        Done done;
        {
            std::lock_guard lock(mutex);
            const auto found = open.find(id);
            if (found == open.end()) {
                return;
            }
            done = std::move(found->second.second);
            open.erase(found);
        }
        done(std::move(outcome));
    }

    size_t running() const
    {
        std::lock_guard lock(mutex);
        return open.size();
    }

    std::map<std::string, int> getRuns() const
    {
        std::lock_guard lock(mutex);
        return runs;
    }

    std::vector<std::string> getNames() const
    {
        std::lock_guard lock(mutex);
        return names;
    }

  private:
    mutable std::mutex mutex;
    uint64_t last = 0;
    std::map<uint64_t, std::pair<function_service::Run, Done>> open;
    std::map<std::string, int> runs;
    std::vector<std::string> names;
    std::function<void()> changed;
};

}
