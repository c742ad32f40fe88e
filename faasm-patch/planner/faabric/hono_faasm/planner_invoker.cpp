#include "planner_invoker.h"

#include "run_result.h"

#include <faabric/util/batch.h>
#include <faabric/util/logging.h>
#include <hono_faasm/runs.h>

#include <algorithm>

namespace hono_faasm {

using function_service::CallError;
using function_service::ErrorKind;
using function_service::Outcome;
using function_service::Run;

namespace {

constexpr std::chrono::milliseconds WATCH_INTERVAL{ 20 };
// The worker ends a function at its time limit and says so. It is answered for
// when it does not.
constexpr std::chrono::milliseconds WORKER_GRACE{ 200 };
// Names come from clients. A lease that is dropped is only a cold start.
constexpr size_t MAX_IDLE_LEASES = 4'096;

uint32_t microseconds(std::chrono::steady_clock::duration time)
{
    const auto count =
      std::chrono::duration_cast<std::chrono::microseconds>(time).count();
    return static_cast<uint32_t>(std::clamp<int64_t>(count, 0, UINT32_MAX));
}

}

PlannerInvoker::PlannerInvoker(faabric::planner::Planner& planner)
  : planner(planner)
  , links(
      [&planner](auto result) { planner.setMessageResult(std::move(result)); })
  , slots(planner.getSlots().total)
  , watcher([this] { watch(); })
{}

PlannerInvoker::~PlannerInvoker()
{
    {
        const std::lock_guard lock(watchMutex);
        stopped = true;
    }
    stopping.notify_all();
    watcher.join();
}

uint64_t PlannerInvoker::submit(Run run, std::function<void(Outcome)> done)
{
    const uint64_t id = ++lastId;
    const auto name = run.user + "/" + run.function;
    const auto call = std::make_shared<Call>();
    call->user = run.user;
    call->function = run.function;
    call->submitted = Clock::now();
    call->deadline = run.deadline;
    call->done = std::move(done);

    auto request = faabric::util::batchExecFactory(run.user, run.function, 1);
    auto& message = *request->mutable_messages(0);
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(
      run.deadline - call->submitted);
    message.set_timelimitms(std::max<int64_t>(left.count(), 1));
    message.set_inputdata(std::move(run.input));
    {
        const std::lock_guard lock(state->mutex);
        call->lease = lease(*state, name);
        if (call->lease.appId == 0) {
            call->lease.appId = request->appid();
        }
        state->calls[id] = call;
    }
    request->set_appid(call->lease.appId);
    message.set_appid(call->lease.appId);

    const auto start = planner.startRun(
      request,
      call->lease.host,
      [state = state, id, call](std::shared_ptr<faabric::Message> result) {
          finish(state, id, call, *result);
      },
      links);
    if (!start.started) {
        wasBusy = true;
        {
            const std::lock_guard lock(state->mutex);
            giveBack(*state, name, call->lease);
        }
        answer(*state, id, Outcome{ function_service::Busy{} });
    }
    return id;
}

void PlannerInvoker::cancel(uint64_t id)
{
    answer(*state,
           id,
           Outcome{ CallError{ ErrorKind::Cancelled, "cancelled", true } });
}

uint32_t PlannerInvoker::capacity() const
{
    return slots;
}

void PlannerInvoker::onCapacityChange(std::function<void()> callback)
{
    const std::lock_guard lock(watchMutex);
    changed = std::move(callback);
}

PlannerInvoker::Lease PlannerInvoker::lease(State& state,
                                            const std::string& name)
{
    const auto it = state.idle.find(name);
    if (it == state.idle.end()) {
        return {};
    }
    auto taken = std::move(it->second.back());
    it->second.pop_back();
    state.idleLeases--;
    if (it->second.empty()) {
        state.idle.erase(it);
    }
    return taken;
}

void PlannerInvoker::giveBack(State& state,
                              const std::string& name,
                              Lease lease)
{
    // It has no faaslet, so it is worth nothing.
    if (lease.host.empty()) {
        return;
    }
    if (state.idleLeases >= MAX_IDLE_LEASES) {
        state.idle.clear();
        state.idleLeases = 0;
    }
    state.idle[name].push_back(std::move(lease));
    state.idleLeases++;
}

void PlannerInvoker::finish(const std::shared_ptr<State>& state,
                            uint64_t id,
                            const std::shared_ptr<Call>& call,
                            const faabric::Message& result)
{
    Outcome outcome{ toResult(result) };
    outcome.cold = call->lease.host != result.executedhost();
    const auto total = microseconds(Clock::now() - call->submitted);
    const auto executedMs = result.finishtimestamp() - result.starttimestamp();
    // Workers' clocks have milliseconds.
    outcome.executedUs =
      static_cast<uint32_t>(std::clamp<int64_t>(executedMs * 1'000, 0, total));
    outcome.queuedUs = total - outcome.executedUs;

    {
        const std::lock_guard lock(state->mutex);
        const bool hasFaaslet =
          std::holds_alternative<std::string>(outcome.result) ||
          std::get<CallError>(outcome.result).kind == ErrorKind::Trap ||
          std::get<CallError>(outcome.result).kind == ErrorKind::Timeout;
        giveBack(*state,
                 call->user + "/" + call->function,
                 { call->lease.appId,
                   hasFaaslet ? result.executedhost() : std::string() });
    }
    answer(*state, id, std::move(outcome));
}

bool PlannerInvoker::answer(State& state, uint64_t id, Outcome outcome)
{
    std::shared_ptr<Call> call;
    {
        const std::lock_guard lock(state.mutex);
        const auto it = state.calls.find(id);
        if (it == state.calls.end()) {
            return false;
        }
        call = std::move(it->second);
        state.calls.erase(it);
    }
    // The planner's callback has this call until its result is here.
    const auto done = std::move(call->done);
    done(std::move(outcome));
    return true;
}

void PlannerInvoker::watch()
{
    while (true) {
        std::function<void()> callback;
        {
            std::unique_lock lock(watchMutex);
            stopping.wait_for(lock, WATCH_INTERVAL, [this] { return stopped; });
            if (stopped) {
                return;
            }
            callback = changed;
        }
        planner.dropLostHosts();
        planner.dropLostRuns();
        endOverdue();
        const auto now = planner.getSlots();
        // Slots that others use are not ours to give.
        const auto others = now.used - std::min(now.used, now.runs);
        const auto mine = now.total - std::min(now.total, others);
        const bool differs = slots.exchange(mine) != mine;
        const bool busyEnded = mine > now.runs && wasBusy.exchange(false);
        if ((differs || busyEnded) && callback) {
            callback();
        }
    }
}

void PlannerInvoker::endOverdue()
{
    std::vector<std::pair<uint64_t, std::string>> overdue;
    {
        const std::lock_guard lock(state->mutex);
        const auto limit = Clock::now() - WORKER_GRACE;
        for (const auto& [id, call] : state->calls) {
            if (call->deadline < limit) {
                overdue.emplace_back(id, call->user + "/" + call->function);
            }
        }
    }
    for (const auto& [id, name] : overdue) {
        answer(*state,
               id,
               Outcome{ CallError{ ErrorKind::Timeout,
                                   name + " did not end within its time limit",
                                   true } });
    }
}

}
