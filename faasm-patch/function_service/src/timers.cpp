#include <function_service/timers.h>

namespace function_service {

Timers::Timers()
  : thread([this] { run(); })
{}

Timers::~Timers()
{
    stop();
}

void Timers::stop()
{
    // What they hold may cancel timers when it goes: not under the lock.
    std::map<Id, std::function<void()>> dropped;
    {
        std::lock_guard lock(mutex);
        stopped = true;
        dropped.swap(timers);
    }
    changed.notify_one();
    if (thread.joinable()) {
        thread.join();
    }
}

Timers::Id Timers::add(TimePoint at, std::function<void()> callback)
{
    std::unique_lock lock(mutex);
    const Id id(at, ++last);
    if (stopped) {
        return id;
    }
    const bool first = timers.empty() || id < timers.begin()->first;
    timers.emplace(id, std::move(callback));
    lock.unlock();
    if (first) {
        changed.notify_one();
    }
    return id;
}

void Timers::cancel(const Id& id)
{
    std::function<void()> dropped;
    std::lock_guard lock(mutex);
    const auto found = timers.find(id);
    if (found != timers.end()) {
        // What it holds may cancel timers when it goes: not under the lock.
        dropped = std::move(found->second);
        timers.erase(found);
    }
}

void Timers::run()
{
    std::unique_lock lock(mutex);
    while (!stopped) {
        if (timers.empty()) {
            changed.wait(lock);
            continue;
        }
        const auto first = timers.begin();
        const TimePoint at = first->first.first;
        if (at > std::chrono::steady_clock::now()) {
            changed.wait_until(lock, at);
            continue;
        }
        std::function<void()> callback = std::move(first->second);
        timers.erase(first);
        lock.unlock();
        callback();
        callback = nullptr;
        lock.lock();
    }
}

}
