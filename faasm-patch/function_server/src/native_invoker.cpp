#include "native_invoker.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace function_server {

using function_service::CallError;
using function_service::ErrorKind;
using function_service::Outcome;
using function_service::Run;
using std::chrono::steady_clock;

namespace {

// The largest that `big` makes: more than any server accepts, and not more.
constexpr uint64_t MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
// The longest that `slow` and `burn` take; their deadline is earlier.
constexpr uint64_t MAX_MS = 3'600'000;

uint64_t numberIn(const std::string& input, uint64_t most)
{
    uint64_t number = 0;
    // Tests pad numbers with spaces to give them a size.
    const size_t first = std::min(input.find_first_not_of(' '), input.size());
    std::from_chars(input.data() + first, input.data() + input.size(), number);
    return std::min(number, most);
}

uint32_t since(steady_clock::time_point start)
{
    return static_cast<uint32_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(
        steady_clock::now() - start)
        .count());
}

}

NativeInvoker::NativeInvoker(const Options& options)
  : options(options)
{
    if (!options.journal.empty()) {
        journal = std::make_unique<Journal>(options.journal);
    }
    for (unsigned i = 0; i < options.threads; i++) {
        pool.emplace_back([this] { work(); });
    }
}

NativeInvoker::~NativeInvoker()
{
    std::vector<uint64_t> ids;
    {
        std::lock_guard lock(mutex);
        for (const auto& [id, running] : open) {
            ids.push_back(id);
        }
    }
    for (const uint64_t id : ids) {
        cancel(id);
    }
    {
        std::lock_guard lock(poolMutex);
        stopped = true;
    }
    poolChanged.notify_all();
    for (auto& thread : pool) {
        thread.join();
    }
}

uint64_t NativeInvoker::submit(Run run, Done done)
{
    const uint64_t id = ++lastId;
    if (run.function == "echo" && options.echoDelay.second.count() == 0 &&
        !journal) {
        done({ .result = std::move(run.input) });
        return id;
    }
    const auto running = std::make_shared<Running>();
    running->run = std::move(run);
    running->done = std::move(done);
    running->startedAt = steady_clock::now();
    if (journal) {
        journal->started(id, running->run);
    }
    {
        std::lock_guard lock(mutex);
        open.emplace(id, running);
    }
    begin(id, running);
    return id;
}

void NativeInvoker::begin(uint64_t id, const std::shared_ptr<Running>& running)
{
    const Run& run = running->run;
    const auto inputMs = [&] {
        return running->startedAt +
               std::chrono::milliseconds(numberIn(run.input, MAX_MS));
    };
    if (run.function == "echo") {
        if (options.echoDelay.second.count() == 0) {
            finish(id, run.input);
        } else {
            answerAt(id, running, running->startedAt + echoDelay());
        }
    } else if (run.function == "slow") {
        answerAt(id, running, inputMs());
    } else if (run.function == "never") {
        answerAt(id, running, TimePoint::max());
    } else if (run.function == "big") {
        finish(id, std::string(numberIn(run.input, MAX_OUTPUT_BYTES), '\0'));
    } else if (run.function == "burn") {
        {
            std::lock_guard lock(poolMutex);
            tasks.emplace_back(id, running);
        }
        poolChanged.notify_one();
    } else if (run.function == "trap") {
        fail(id, ErrorKind::Trap, true);
    } else {
        fail(id, ErrorKind::UnknownFunction, false);
    }
}

void NativeInvoker::answerAt(uint64_t id,
                             const std::shared_ptr<Running>& running,
                             TimePoint at)
{
    const TimePoint deadline = running->run.deadline;
    const bool late = at > deadline;
    // The lock, because the timer may be over before its id is here.
    std::lock_guard lock(mutex);
    if (!open.contains(id)) {
        return;
    }
    running->timer =
      timers.add(std::min(at, deadline), [this, id, late, running] {
          if (late) {
              fail(id, ErrorKind::Timeout, true);
          } else {
              finish(id, running->run.input);
          }
      });
}

void NativeInvoker::cancel(uint64_t id)
{
    fail(id, ErrorKind::Cancelled, true);
}

void NativeInvoker::work()
{
    std::unique_lock lock(poolMutex);
    for (;;) {
        poolChanged.wait(lock, [this] { return stopped || !tasks.empty(); });
        if (tasks.empty()) {
            return;
        }
        const auto [id, running] = std::move(tasks.front());
        tasks.pop_front();
        lock.unlock();
        burn(id, *running);
        lock.lock();
    }
}

void NativeInvoker::burn(uint64_t id, Running& running)
{
    const auto end =
      steady_clock::now() +
      std::chrono::milliseconds(numberIn(running.run.input, MAX_MS));
    while (!running.stop) {
        const auto now = steady_clock::now();
        if (now >= running.run.deadline) {
            fail(id, ErrorKind::Timeout, true);
            return;
        }
        if (now >= end) {
            finish(id, running.run.input);
            return;
        }
    }
}

void NativeInvoker::finish(uint64_t id, std::string output)
{
    if (const auto running = take(id)) {
        running->done({ .result = std::move(output),
                        .executedUs = since(running->startedAt) });
    }
}

void NativeInvoker::fail(uint64_t id, ErrorKind kind, bool mayHaveRun)
{
    if (const auto running = take(id)) {
        const Run& run = running->run;
        running->done(
          { .result =
              CallError{ .kind = kind,
                         .message = run.user + "/" + run.function + " failed",
                         .mayHaveRun = mayHaveRun },
            .executedUs = since(running->startedAt) });
    }
}

std::shared_ptr<NativeInvoker::Running> NativeInvoker::take(uint64_t id)
{
    std::shared_ptr<Running> running;
    {
        std::lock_guard lock(mutex);
        const auto found = open.find(id);
        if (found == open.end()) {
            return nullptr;
        }
        running = std::move(found->second);
        open.erase(found);
        if (running->timer) {
            timers.cancel(*running->timer);
        }
    }
    running->stop = true;
    if (journal) {
        journal->ended(id);
    }
    return running;
}

std::chrono::microseconds NativeInvoker::echoDelay()
{
    const std::chrono::microseconds least = options.echoDelay.first;
    const std::chrono::microseconds most = options.echoDelay.second;
    std::lock_guard lock(mutex);
    return std::chrono::microseconds(std::uniform_int_distribution<int64_t>(
      least.count(), most.count())(random));
}

}
