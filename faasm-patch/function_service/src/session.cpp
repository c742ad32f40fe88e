#include "session.h"
#include "call_limits.h"
#include "timings_level.h"
#include "wire/field_reader.h"

#include "faasm/rpc/v1/function_service.pb.h"

#include <algorithm>
#include <set>

namespace function_service {

using connectrpc::Code;

namespace {

// Results of more bytes go into several frames, so that the first need not wait
// for the last.
constexpr size_t MAX_BATCH_BYTES = 256 * 1024;

// Longest user or function of a binding: a stream may have many of them.
constexpr int64_t MAX_NAME_CHARACTERS = 256;

// Longest traceparent that a call may have; the standard's has 55 characters.
constexpr size_t MAX_TRACEPARENT_BYTES = 512;

// What it costs to keep a small thing, about: a client that sends many of them
// would have the server keep far more than their bytes.
constexpr size_t RESULT_COST = 100;
constexpr size_t HELD_COST = 250;
constexpr size_t BINDING_COST = 160;

size_t costOf(size_t userBytes, size_t functionBytes)
{
    return userBytes + functionBytes + BINDING_COST;
}

StreamError invalid(std::string message)
{
    return { Code::InvalidArgument, std::move(message) };
}

FrameResult notStarted(uint64_t id,
                       const Run& run,
                       ErrorKind kind,
                       const char* why)
{
    FrameResult result{ .id = id,
                        .outcome =
                          CallError{ .kind = kind,
                                     .message = run.user + "/" + run.function +
                                                ": " + why,
                                     .mayHaveRun = false },
                        .timings = {} };
    if (run.timings != TimingsLevel::None) {
        result.timings.emplace();
    }
    return result;
}

}

Session::Session(std::string id,
                 std::string client,
                 std::shared_ptr<const SessionContext> itsContext,
                 std::weak_ptr<SessionOwner> owner)
  : id(std::move(id))
  , client(std::move(client))
  , context(std::move(itsContext))
  , options(context->options)
  , owner(std::move(owner))
{}

uint64_t Session::attach(const std::shared_ptr<Port>& newPort,
                         uint64_t receivedSequence,
                         uint32_t credits)
{
    Lock lock(mutex);
    if (closed) {
        throw StreamError(Code::Unavailable, "the session has just ended");
    }
    if (receivedSequence > retained.last()) {
        throw invalid("frame " + std::to_string(receivedSequence) +
                      " can't have been received: it was never sent");
    }
    const auto old = std::exchange(port, newPort);
    clearBindings();
    ending = false;
    sentAway = false;
    pendingGoAway.reset();
    pendingCredits.reset();
    grantedCredits = credits;
    acknowledge(receivedSequence);
    // What has been acknowledged is gone, whatever the client says now.
    retained.rewind();
    woken = false;
    const uint64_t last = lastCallId;
    lock.unlock();
    if (old) {
        old->end(StreamError(Code::Aborted,
                             "a newer stream has taken the session over"));
    }
    return last;
}

void Session::detach(const std::shared_ptr<Port>& from)
{
    {
        Lock lock(mutex);
        if (port != from) {
            return;
        }
        port.reset();
        clearBindings();
    }
    if (const auto itsOwner = owner.lock()) {
        itsOwner->detached(*this);
    }
}

void Session::receive(const std::shared_ptr<Port>& from,
                      const ClientFrame& frame)
{
    {
        Lock lock(mutex);
        if (port != from) {
            return;
        }
        check(frame);
        if (frame.ack > 0) {
            acknowledge(frame.ack);
        }
    }
    if (frame.ack > 0) {
        startHeld();
    }
    if (!frame.calls.empty() || !frame.bindings.empty()) {
        Lock lock(mutex);
        // A newer stream may have taken over meanwhile.
        if (port != from) {
            return;
        }
        if (!frame.calls.empty() &&
            unacknowledged() > 2 * options.maxRetainedBytes) {
            throw StreamError(
              Code::ResourceExhausted,
              std::to_string(unacknowledged()) +
                " bytes of results wait for acknowledgements: the session "
                "can take no more calls");
        }
        for (const auto& binding : frame.bindings) {
            bind(binding);
        }
    }
    for (const auto& call : frame.calls) {
        accept(from, call);
    }
    for (const uint64_t callId : frame.cancels) {
        cancel(callId);
    }
}

// Refuses a frame as a whole, before any part of it has been done.
void Session::check(const ClientFrame& frame) const
{
    if (frame.ack > retained.last()) {
        throw invalid("frame " + std::to_string(frame.ack) +
                      " is acknowledged, but was never sent");
    }
    // Trees: the client chooses the numbers.
    std::set<uint32_t> added;
    size_t addedBytes = 0;
    for (const auto& binding : frame.bindings) {
        if (binding.id == 0 || binding.user.empty() ||
            binding.function.empty()) {
            throw invalid("a binding has no id, user or function");
        }
        if (countCharacters(binding.user) > MAX_NAME_CHARACTERS ||
            countCharacters(binding.function) > MAX_NAME_CHARACTERS) {
            throw invalid("a user or function has more than " +
                          std::to_string(MAX_NAME_CHARACTERS) + " characters");
        }
        addedBytes += costOf(binding.user.size(), binding.function.size());
        if (!bindings.contains(binding.id)) {
            added.insert(binding.id);
        }
        if (bindings.size() + added.size() > options.maxBindings) {
            throw StreamError(Code::ResourceExhausted,
                              "a stream may have " +
                                std::to_string(options.maxBindings) +
                                " bindings, not more");
        }
    }
    if (addedBytes > 0 && context->kept->isExceededBy(keptBytes + addedBytes)) {
        throw StreamError(Code::ResourceExhausted,
                          "the server keeps too much for its clients to take "
                          "more bindings");
    }
    uint64_t last = lastCallId;
    for (const auto& call : frame.calls) {
        if (call.id <= last) {
            throw invalid("call " + std::to_string(call.id) +
                          " came after call " + std::to_string(last) +
                          "; ids have to ascend");
        }
        if (!bindings.contains(call.binding) && !added.contains(call.binding)) {
            throw invalid("call " + std::to_string(call.id) + " uses binding " +
                          std::to_string(call.binding) +
                          ", which the stream does not have");
        }
        if (call.traceparent.size() > MAX_TRACEPARENT_BYTES) {
            throw invalid("a traceparent has more than " +
                          std::to_string(MAX_TRACEPARENT_BYTES) + " bytes");
        }
        last = call.id;
    }
    if (calls.size() + frame.calls.size() > grantedCredits) {
        throw StreamError(Code::ResourceExhausted,
                          std::to_string(grantedCredits) +
                            " calls may be unanswered, not more: wait for "
                            "credits");
    }
}

void Session::accept(const std::shared_ptr<Port>& from, const FrameCall& call)
{
    Lock lock(mutex);
    // A newer stream sends again what came after the last call id that it has
    // been told; and a client that was sent away knows that calls from here on
    // have not been received.
    if (port != from || sentAway || closed) {
        return;
    }
    lastCallId = call.id;
    const auto& name = bindings.at(call.binding);
    const uint32_t timeoutMs =
      call.timeoutMs == 0 ? name->timeoutMs : call.timeoutMs;
    Run run{ .user = name->user,
             .function = name->function,
             .input = std::string(call.input),
             .traceparent = std::string(call.traceparent),
             .timings = timingsLevelOf(call.timings),
             .deadline = deadlineOf(timeoutMs, options) };
    auto& open = calls.emplace(call.id, OpenCall{ .name = name }).first->second;
    if (!held.empty() || isFull()) {
        if (hold(call.id, std::move(run))) {
            wake(std::move(lock));
        }
        return;
    }
    const auto entry = prepare(call.id, std::move(run));
    open.running = entry;
    lock.unlock();
    context->queue->start(entry);
}

void Session::bind(const FrameBinding& binding)
{
    auto& name = bindings[binding.id];
    if (name) {
        bindingBytes -= costOf(name->user.size(), name->function.size());
    }
    name =
      std::make_shared<Name>(Name{ .user = std::string(binding.user),
                                   .function = std::string(binding.function),
                                   .timeoutMs = binding.timeoutMs });
    bindingBytes += costOf(name->user.size(), name->function.size());
    account();
}

void Session::clearBindings()
{
    bindings.clear();
    bindingBytes = 0;
    account();
}

std::shared_ptr<AdmissionQueue::Entry> Session::prepare(uint64_t callId,
                                                        Run run)
{
    return context->queue->prepare(std::move(run), shared_from_this(), callId);
}

// Within a bound: the client decides how long nothing is acknowledged. True
// when it has been answered instead.
bool Session::hold(uint64_t callId, Run run)
{
    const size_t bytes = run.input.size();
    if (heldBytes + bytes > options.maxRetainedBytes ||
        context->kept->isExceededBy(keptBytes + bytes, 2)) {
        auto result = notStarted(callId,
                                 run,
                                 ErrorKind::Overloaded,
                                 "too much waits for acknowledgements");
        calls.erase(callId);
        push(std::move(result));
        return true;
    }
    heldBytes += bytes;
    held.emplace(callId, std::move(run));
    account();
    armHeldTimer();
    return false;
}

void Session::armHeldTimer()
{
    TimePoint first = TimePoint::max();
    if (heldTimer) {
        // Only the newest can be earlier than what it waits for.
        first = held.rbegin()->second.deadline;
        if (heldTimer->first <= first) {
            return;
        }
        context->timers->cancel(*heldTimer);
    } else {
        for (const auto& [callId, run] : held) {
            first = std::min(first, run.deadline);
        }
    }
    heldTimer = context->timers->add(first, [weak = weak_from_this()] {
        if (const auto session = weak.lock()) {
            session->expireHeld();
        }
    });
}

void Session::expireHeld()
{
    Lock lock(mutex);
    heldTimer.reset();
    const auto now = std::chrono::steady_clock::now();
    for (auto next = held.begin(); next != held.end();) {
        const auto call = next++;
        if (call->second.deadline > now) {
            continue;
        }
        auto result = notStarted(
          call->first,
          call->second,
          ErrorKind::Timeout,
          "its time ran out while it waited for results to be acknowledged");
        calls.erase(call->first);
        unhold(call);
        push(std::move(result));
    }
    if (!held.empty()) {
        armHeldTimer();
    }
    wake(std::move(lock));
}

void Session::unhold(std::map<uint64_t, Run>::iterator call)
{
    heldBytes -= call->second.input.size();
    held.erase(call);
    account();
}

// One at a time: a run may be over at once, and fill what there was room for.
void Session::startHeld()
{
    for (;;) {
        Lock lock(mutex);
        if (held.empty() || isFull()) {
            return;
        }
        const auto first = held.begin();
        const uint64_t callId = first->first;
        Run run = first->second;
        unhold(first);
        const auto entry = prepare(callId, std::move(run));
        calls.at(callId).running = entry;
        lock.unlock();
        context->queue->start(entry);
    }
}

void Session::cancel(uint64_t callId)
{
    Lock lock(mutex);
    const auto call = calls.find(callId);
    if (call == calls.end()) {
        return;
    }
    const auto waits = held.find(callId);
    if (waits == held.end()) {
        const auto running = call->second.running;
        lock.unlock();
        context->queue->cancel(running);
        return;
    }
    auto result = notStarted(callId,
                             waits->second,
                             ErrorKind::Cancelled,
                             "the call was cancelled before it started");
    unhold(waits);
    calls.erase(call);
    push(std::move(result));
    wake(std::move(lock));
}

void Session::halfClose(const std::shared_ptr<Port>& from)
{
    {
        Lock lock(mutex);
        if (port != from) {
            return;
        }
        ending = true;
    }
    flush(from);
}

void Session::answered(uint64_t callId, FrameResult result)
{
    Lock lock(mutex);
    const auto call = calls.find(callId);
    if (call == calls.end()) {
        return;
    }
    const auto name = std::move(call->second.name);
    calls.erase(call);
    push(keepable(*name, std::move(result)));
    wake(std::move(lock));
}

// The calls that were started while there was room may answer with far more
// than fits.
FrameResult Session::keepable(const Name& name, FrameResult result) const
{
    const auto* output = std::get_if<std::string>(&result.outcome);
    if (!output || output->empty() ||
        (unacknowledged() + output->size() <= 2 * options.maxRetainedBytes &&
         !context->kept->isExceededBy(keptBytes + output->size(), 2))) {
        return result;
    }
    result.outcome = CallError{
        .kind = ErrorKind::Overloaded,
        .message = name.user + "/" + name.function +
                   ": has run, but its output could not be kept: results of " +
                   std::to_string(unacknowledged()) +
                   " bytes wait for acknowledgements",
        .mayHaveRun = true,
    };
    return result;
}

void Session::push(FrameResult result)
{
    resultBytes += resultFieldSize(result);
    results.push_back(std::move(result));
    account();
}

void Session::wake(Lock lock)
{
    if (!port || woken) {
        return;
    }
    woken = true;
    const auto wakes = port;
    lock.unlock();
    wakes->wake();
}

void Session::flush(const std::shared_ptr<Port>& to)
{
    for (;;) {
        Lock lock(mutex);
        if (port != to) {
            return;
        }
        woken = false;
        // CallHandler::onWritable follows.
        if (to->unsentBytes() > options.maxUnsentBytesPerStream / 2) {
            return;
        }
        auto frame = nextFrame();
        if (!frame) {
            if (!ending || !calls.empty()) {
                return;
            }
            port.reset();
            closed = true;
            lock.unlock();
            to->end(std::nullopt);
            if (const auto itsOwner = owner.lock()) {
                itsOwner->finished(*this);
            }
            return;
        }
        lock.unlock();
        Counters::add(context->counters->framesSent);
        to->send(std::move(*frame));
    }
}

std::optional<std::string> Session::nextFrame()
{
    if (pendingCredits) {
        return encodeCredits(*std::exchange(pendingCredits, std::nullopt));
    }
    if (auto frame = retained.takeUnsent()) {
        return frame;
    }
    if (pendingGoAway) {
        return std::exchange(pendingGoAway, std::nullopt);
    }
    if (results.empty()) {
        return std::nullopt;
    }
    const std::string& frame = retained.add(takeBatch());
    account();
    return frame;
}

std::string Session::takeBatch()
{
    std::vector<FrameResult> batch;
    size_t bytes = 0;
    do {
        bytes += resultFieldSize(results.front());
        batch.push_back(std::move(results.front()));
        results.pop_front();
    } while (!results.empty() && bytes < MAX_BATCH_BYTES);
    resultBytes -= bytes;
    return encodeResults(
      retained.last() + 1, batch.data(), batch.data() + batch.size());
}

void Session::goAway(const std::string& reason, uint32_t graceMs)
{
    Lock lock(mutex);
    if (sentAway || !port) {
        return;
    }
    sentAway = true;
    faasm::rpc::v1::GoAway message;
    message.set_reason(reason);
    message.set_last_call_id(lastCallId);
    message.set_grace_ms(graceMs);
    pendingGoAway = encodeGoAway(message.SerializeAsString());
    wake(std::move(lock));
}

void Session::setCredits(uint32_t credits)
{
    Lock lock(mutex);
    if (!port) {
        return;
    }
    grantedCredits = std::max(grantedCredits, credits);
    pendingCredits = credits;
    wake(std::move(lock));
}

void Session::close(const StreamError& error)
{
    Lock lock(mutex);
    if (closed) {
        return;
    }
    closed = true;
    const auto old = std::exchange(port, nullptr);
    const auto open = std::exchange(calls, {});
    held.clear();
    heldBytes = 0;
    clearBindings();
    results.clear();
    resultBytes = 0;
    if (heldTimer) {
        context->timers->cancel(*std::exchange(heldTimer, std::nullopt));
    }
    account();
    lock.unlock();
    for (const auto& [callId, call] : open) {
        if (call.running) {
            context->queue->cancel(call.running);
        }
    }
    if (old) {
        old->end(error);
    }
}

void Session::release()
{
    Lock lock(mutex);
    context->kept->change(-static_cast<int64_t>(keptBytes));
    keptBytes = 0;
    released = true;
}

bool Session::isIdle() const
{
    Lock lock(mutex);
    return calls.empty() && results.empty() && retained.empty();
}

bool Session::hasStream() const
{
    Lock lock(mutex);
    return port != nullptr;
}

size_t Session::openCalls() const
{
    Lock lock(mutex);
    return calls.size();
}

size_t Session::unacknowledgedCost() const
{
    return unacknowledged() + RESULT_COST * (retained.size() + results.size());
}

bool Session::isFull() const
{
    return unacknowledged() > options.maxRetainedBytes ||
           context->kept->isExceededBy(unacknowledgedCost());
}

void Session::acknowledge(uint64_t acknowledged)
{
    retained.acknowledge(acknowledged);
    account();
}

void Session::account()
{
    if (released) {
        return;
    }
    const size_t bytes =
      unacknowledgedCost() + heldBytes + HELD_COST * held.size() + bindingBytes;
    if (bytes != keptBytes) {
        context->kept->change(static_cast<int64_t>(bytes) -
                              static_cast<int64_t>(keptBytes));
        keptBytes = bytes;
    }
}

}
