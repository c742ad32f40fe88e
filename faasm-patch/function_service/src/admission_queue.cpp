#include "admission_queue.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace function_service {

namespace {

using std::chrono::steady_clock;

// Pause before a call is submitted again that found the invoker busy while
// nothing ran whose end could free a slot.
constexpr std::chrono::milliseconds BUSY_RETRY{ 5 };

uint32_t microseconds(steady_clock::duration time)
{
    const auto count =
      std::chrono::duration_cast<std::chrono::microseconds>(time).count();
    return static_cast<uint32_t>(std::clamp<decltype(count)>(
      count, 0, std::numeric_limits<uint32_t>::max()));
}

uint64_t monotonicUs(steady_clock::time_point moment)
{
    return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(
        moment.time_since_epoch())
        .count());
}

std::string nameOf(const Run& run)
{
    return run.user + "/" + run.function;
}

}

AdmissionQueue::AdmissionQueue(Invoker& invoker,
                               const ServiceOptions& options,
                               std::shared_ptr<Timers> timers,
                               std::shared_ptr<Counters> counters)
  : invoker(invoker)
  , maxWaiting(options.maxQueuedCalls)
  , maxWaitingBytes(options.maxQueuedBytes)
  , maxInputBytes(options.maxInputBytes)
  , maxOutputBytes(options.maxOutputBytes)
  , timers(std::move(timers))
  , counters(std::move(counters))
{}

std::shared_ptr<AdmissionQueue::Entry>
AdmissionQueue::prepare(Run run, std::shared_ptr<CallOwner> owner, uint64_t id)
{
    auto entry = std::make_shared<Entry>();
    entry->run = std::move(run);
    entry->owner = std::move(owner);
    entry->id = id;
    entry->arrivedAt = steady_clock::now();
    Counters::add(counters->calls);
    Counters::add(counters->inputBytes, entry->run.input.size());
    return entry;
}

void AdmissionQueue::start(const std::shared_ptr<Entry>& entry)
{
    const Run& run = entry->run;
    Lock lock(mutex);
    std::optional<ErrorKind> refusal;
    std::string why;
    if (closed) {
        refusal = ErrorKind::Unavailable;
        why = "has not been called: the server shuts down";
    } else if (entry->cancelled) {
        refusal = ErrorKind::Cancelled;
        why = "the call was cancelled before it started";
    } else if (run.input.size() > maxInputBytes) {
        refusal = ErrorKind::InputTooLarge;
        why = "the input has " + std::to_string(run.input.size()) + " bytes; " +
              std::to_string(maxInputBytes) + " are allowed";
    } else if (run.deadline <= entry->arrivedAt) {
        refusal = ErrorKind::Timeout;
        why = "its time had run out on arrival";
    } else if (queue.empty() && hasSlot()) {
        claimSlot(*entry);
        entry->launchedAt = entry->arrivedAt;
        lock.unlock();
        launch(entry);
        return;
    } else if (queue.size() >= maxWaiting) {
        refusal = ErrorKind::Overloaded;
        why = std::to_string(maxWaiting) + " calls wait already";
    } else if (queuedBytes + run.input.size() > maxWaitingBytes) {
        refusal = ErrorKind::Overloaded;
        why = std::to_string(queuedBytes) + " bytes of input wait already";
    } else {
        enqueue(entry, false);
        armExpiry();
        return;
    }
    entry->state = Entry::State::Answered;
    lock.unlock();
    refuse(entry, *refusal, why);
}

void AdmissionQueue::cancel(const std::shared_ptr<Entry>& entry)
{
    Lock lock(mutex);
    entry->cancelled = true;
    if (entry->state == Entry::State::Waiting) {
        dequeue(*entry);
        entry->state = Entry::State::Answered;
        lock.unlock();
        refuse(entry,
               ErrorKind::Cancelled,
               "the call was cancelled before it started");
    } else if (entry->state == Entry::State::Running) {
        const uint64_t id = entry->invokerId;
        lock.unlock();
        invoker.cancel(id);
    }
}

void AdmissionQueue::close()
{
    std::list<std::shared_ptr<Entry>> refused;
    {
        Lock lock(mutex);
        closed = true;
        refused.swap(queue);
        deadlines.clear();
        queuedBytes = 0;
        for (const auto& entry : refused) {
            entry->state = Entry::State::Answered;
        }
        if (expiry) {
            timers->cancel(*std::exchange(expiry, std::nullopt));
        }
    }
    for (const auto& entry : refused) {
        refuse(entry,
               ErrorKind::Unavailable,
               "has not been called: the server shuts down");
    }
}

size_t AdmissionQueue::running() const
{
    Lock lock(mutex);
    return runningCalls;
}

size_t AdmissionQueue::waiting() const
{
    Lock lock(mutex);
    return queue.size();
}

size_t AdmissionQueue::waitingBytes() const
{
    Lock lock(mutex);
    return queuedBytes;
}

void AdmissionQueue::launch(const std::shared_ptr<Entry>& entry)
{
    entry->self = entry;
    entry->home = shared_from_this();
    const uint64_t launch = entry->launches;
    // A copy, because the invoker may turn out to be busy.
    const uint64_t id =
      invoker.submit(entry->run, [raw = entry.get()](Outcome outcome) {
          raw->home->completed(*raw, std::move(outcome));
      });
    Lock lock(mutex);
    // It may be answered by now, or even be launched again.
    if (entry->state != Entry::State::Launching || entry->launches != launch) {
        return;
    }
    entry->state = Entry::State::Running;
    entry->invokerId = id;
    if (entry->cancelled) {
        lock.unlock();
        invoker.cancel(id);
    }
}

void AdmissionQueue::completed(Entry& raw, Outcome outcome)
{
    const auto entry = std::move(raw.self);
    const auto home = std::move(raw.home);
    if (std::holds_alternative<Busy>(outcome.result)) {
        requeue(entry);
        return;
    }
    {
        Lock lock(mutex);
        entry->state = Entry::State::Answered;
        runningCalls--;
        busy = false;
    }
    finish(entry, std::move(outcome));
    pump();
}

void AdmissionQueue::requeue(std::shared_ptr<Entry> entry)
{
    Lock lock(mutex);
    runningCalls--;
    if (entry->cancelled || closed) {
        entry->state = Entry::State::Answered;
        const auto kind =
          closed ? ErrorKind::Unavailable : ErrorKind::Cancelled;
        lock.unlock();
        refuse(entry, kind, "the call ended before it started");
        return;
    }
    enqueue(entry, true);
    armExpiry();
    if (busy) {
        return;
    }
    busy = true;
    timers->add(steady_clock::now() + BUSY_RETRY, [weak = weak_from_this()] {
        if (const auto queue = weak.lock()) {
            {
                Lock lock(queue->mutex);
                queue->busy = false;
            }
            queue->pump();
        }
    });
}

// By one thread at a time, and not recursively: a run may be over before submit
// returns.
void AdmissionQueue::pump()
{
    Lock lock(mutex);
    if (pumping) {
        return;
    }
    pumping = true;
    while (!queue.empty() && hasSlot()) {
        const auto entry = queue.front();
        dequeue(*entry);
        entry->launchedAt = steady_clock::now();
        if (entry->run.deadline <= entry->launchedAt) {
            entry->state = Entry::State::Answered;
            lock.unlock();
            refuse(entry, ErrorKind::Timeout, "its time ran out in the queue");
        } else {
            claimSlot(*entry);
            lock.unlock();
            launch(entry);
        }
        lock.lock();
    }
    pumping = false;
}

bool AdmissionQueue::hasSlot() const
{
    return !busy && runningCalls < invoker.capacity();
}

void AdmissionQueue::claimSlot(Entry& entry)
{
    runningCalls++;
    entry.launches++;
    entry.state = Entry::State::Launching;
}

void AdmissionQueue::enqueue(const std::shared_ptr<Entry>& entry, bool first)
{
    entry->state = Entry::State::Waiting;
    entry->position = queue.insert(first ? queue.begin() : queue.end(), entry);
    deadlines.emplace(entry->run.deadline, entry.get());
    queuedBytes += entry->run.input.size();
}

void AdmissionQueue::dequeue(Entry& entry)
{
    queuedBytes -= entry.run.input.size();
    deadlines.erase({ entry.run.deadline, &entry });
    queue.erase(entry.position);
}

void AdmissionQueue::armExpiry()
{
    const TimePoint first = deadlines.begin()->first;
    if (expiry) {
        if (expiry->first <= first) {
            return;
        }
        timers->cancel(*expiry);
    }
    expiry = timers->add(first, [weak = weak_from_this()] {
        if (const auto queue = weak.lock()) {
            queue->expire();
        }
    });
}

void AdmissionQueue::expire()
{
    std::list<std::shared_ptr<Entry>> expired;
    {
        Lock lock(mutex);
        expiry.reset();
        const auto now = steady_clock::now();
        while (!deadlines.empty() && deadlines.begin()->first <= now) {
            expired.push_back(*deadlines.begin()->second->position);
            expired.back()->state = Entry::State::Answered;
            dequeue(*expired.back());
        }
        if (!deadlines.empty()) {
            armExpiry();
        }
    }
    for (const auto& entry : expired) {
        refuse(entry, ErrorKind::Timeout, "its time ran out in the queue");
    }
}

void AdmissionQueue::refuse(const std::shared_ptr<Entry>& entry,
                            ErrorKind kind,
                            const std::string& why)
{
    const bool started = entry->launchedAt != TimePoint();
    entry->launchedAt = started ? entry->launchedAt : steady_clock::now();
    finish(entry,
           { .result = CallError{ .kind = kind,
                                  .message = nameOf(entry->run) + ": " + why,
                                  .mayHaveRun = false } });
}

void AdmissionQueue::finish(const std::shared_ptr<Entry>& entry,
                            Outcome outcome)
{
    const uint64_t waited =
      microseconds(entry->launchedAt - entry->arrivedAt) + outcome.queuedUs;
    const auto queuedUs =
      static_cast<uint32_t>(std::min<uint64_t>(waited, UINT32_MAX));
    const TimingsLevel level = entry->run.timings;
    FrameResult result{ .id = entry->id, .outcome = {}, .timings = {} };
    if (level != TimingsLevel::None) {
        result.timings = { .queuedUs = queuedUs,
                           .executedUs = outcome.executedUs,
                           .cold = outcome.cold,
                           .arrivedAtUs = level == TimingsLevel::Detailed
                                            ? monotonicUs(entry->arrivedAt)
                                            : 0 };
    }
    if (auto* output = std::get_if<std::string>(&outcome.result)) {
        if (output->size() > maxOutputBytes) {
            result.outcome = CallError{
                .kind = ErrorKind::OutputTooLarge,
                .message = nameOf(entry->run) + ": the output has " +
                           std::to_string(output->size()) + " bytes; " +
                           std::to_string(maxOutputBytes) + " are allowed",
                .mayHaveRun = true,
            };
        } else {
            result.outcome = std::move(*output);
        }
    } else {
        result.outcome = std::get<CallError>(std::move(outcome.result));
    }
    if (const auto* error = std::get_if<CallError>(&result.outcome)) {
        const auto kind = static_cast<size_t>(error->kind);
        Counters::add(counters->errors[std::min(kind, Counters::KINDS - 1)]);
    } else {
        Counters::add(counters->outputs);
        Counters::add(counters->outputBytes,
                      std::get<std::string>(result.outcome).size());
    }
    Counters::add(counters->executedUs, outcome.executedUs);
    Counters::add(counters->queuedUs, queuedUs);
    const auto owner = std::move(entry->owner);
    owner->answered(entry->id, std::move(result));
}

}
