#pragma once

#include "counters.h"
#include "wire/server_frame.h"
#include <function_service/timers.h>

#include <function_service/invoker.h>
#include <function_service/options.h>

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

namespace function_service {

// Who waits for a call's answer.
class CallOwner
{
  public:
    virtual ~CallOwner() = default;

    // The one answer to the call that the owner knows by `id`. From any thread,
    // also from within AdmissionQueue::start and cancel.
    virtual void answered(uint64_t id, FrameResult result) = 0;
};

// Lets calls through to what runs functions, as many at once as it has capacity
// for; the others wait, first come first served, within bounds and until their
// deadline. Thread-safe.
class AdmissionQueue : public std::enable_shared_from_this<AdmissionQueue>
{
  public:
    using TimePoint = std::chrono::steady_clock::time_point;

    class Entry;

    // `invoker` has to live until it has answered every run.
    AdmissionQueue(Invoker& invoker,
                   const ServiceOptions& options,
                   std::shared_ptr<Timers> timers,
                   std::shared_ptr<Counters> counters);

    // Nothing happens before start.
    std::shared_ptr<Entry> prepare(Run run,
                                   std::shared_ptr<CallOwner> owner,
                                   uint64_t id);

    // Once per entry; it is answered exactly once.
    void start(const std::shared_ptr<Entry>& entry);

    // Unless the call has been answered, it is, soon. May come before start.
    void cancel(const std::shared_ptr<Entry>& entry);

    // There is more, or less, capacity than before.
    void capacityChanged() { pump(); }

    // Refuses what comes and what waits.
    void close();

    size_t running() const;
    size_t waiting() const;
    size_t waitingBytes() const;

  private:
    using Lock = std::unique_lock<std::mutex>;

    void launch(const std::shared_ptr<Entry>& entry);
    void completed(Entry& entry, Outcome outcome);
    void requeue(std::shared_ptr<Entry> entry);
    void pump();
    bool hasSlot() const;
    // Under the lock.
    void claimSlot(Entry& entry);
    void enqueue(const std::shared_ptr<Entry>& entry, bool first);
    void dequeue(Entry& entry);
    void armExpiry();
    void expire();
    void finish(const std::shared_ptr<Entry>& entry, Outcome outcome);
    void refuse(const std::shared_ptr<Entry>& entry,
                ErrorKind kind,
                const std::string& why);

    Invoker& invoker;
    const size_t maxWaiting;
    const size_t maxWaitingBytes;
    const size_t maxInputBytes;
    const size_t maxOutputBytes;
    const std::shared_ptr<Timers> timers;
    const std::shared_ptr<Counters> counters;

    mutable std::mutex mutex;
    std::list<std::shared_ptr<Entry>> queue;
    std::set<std::pair<TimePoint, Entry*>> deadlines;
    std::optional<Timers::Id> expiry;
    size_t queuedBytes = 0;
    size_t runningCalls = 0;
    // The invoker had no room although it said so: nothing is submitted until
    // something has changed.
    bool busy = false;
    bool pumping = false;
    bool closed = false;
};

// A call on its way. Guarded by its queue's lock.
class AdmissionQueue::Entry
{
  private:
    friend class AdmissionQueue;

    enum class State
    {
        Prepared,
        Waiting,
        // Between the queue's decision and the invoker's id.
        Launching,
        Running,
        Answered,
    };

    State state = State::Prepared;
    bool cancelled = false;
    Run run;
    std::shared_ptr<CallOwner> owner;
    uint64_t id = 0;
    uint64_t invokerId = 0;
    uint64_t launches = 0;
    TimePoint arrivedAt;
    TimePoint launchedAt;
    std::list<std::shared_ptr<Entry>>::iterator position;
    // Keep both alive while the invoker has the call.
    std::shared_ptr<AdmissionQueue> home;
    std::shared_ptr<Entry> self;
};

}
