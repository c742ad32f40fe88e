#pragma once

#include <faabric/planner/Planner.h>
#include <function_service/invoker.h>
#include <hono_faasm/run_links.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

namespace hono_faasm {

// Runs functions on the planner's workers. Thread-safe.
//
// Workers keep a faaslet per function and app id. So an app id is leased to one
// run of a function at a time, and used again, the last one first: its faaslet
// is the warmest, on the host where it was last.
class PlannerInvoker : public function_service::Invoker
{
  public:
    explicit PlannerInvoker(faabric::planner::Planner& planner);

    // Runs that are not answered then are answered by nobody.
    ~PlannerInvoker() override;

    uint64_t submit(
      function_service::Run run,
      std::function<void(function_service::Outcome)> done) override;

    // Its slot is free when the function ends, or its time.
    void cancel(uint64_t id) override;

    uint32_t capacity() const override;

    void onCapacityChange(std::function<void()> changed) override;

  private:
    using Clock = std::chrono::steady_clock;

    struct Lease
    {
        int appId = 0;
        // Where its faaslet is; empty: nowhere yet.
        std::string host;
    };

    struct Call
    {
        std::string user;
        std::string function;
        Clock::time_point submitted;
        Clock::time_point deadline;
        Lease lease;
        std::function<void(function_service::Outcome)> done;
    };

    // What outlives this object: callbacks that the planner still has.
    struct State
    {
        std::mutex mutex;
        // Those not answered; an answered one may still hold a slot.
        std::unordered_map<uint64_t, std::shared_ptr<Call>> calls;
        std::unordered_map<std::string, std::vector<Lease>> idle;
        size_t idleLeases = 0;
    };

    static Lease lease(State& state, const std::string& name);
    static void giveBack(State& state, const std::string& name, Lease lease);
    static void finish(const std::shared_ptr<State>& state,
                       uint64_t id,
                       const std::shared_ptr<Call>& call,
                       const faabric::Message& result);
    // False when the call is answered already.
    static bool answer(State& state,
                       uint64_t id,
                       function_service::Outcome outcome);

    void watch();
    void endOverdue();

    faabric::planner::Planner& planner;
    RunLinks links;
    const std::shared_ptr<State> state = std::make_shared<State>();
    std::atomic<uint64_t> lastId = 0;
    std::atomic<uint32_t> slots = 0;
    // A run found no slot, though there should have been one.
    std::atomic<bool> wasBusy = false;

    std::mutex watchMutex;
    std::condition_variable stopping;
    bool stopped = false;
    std::function<void()> changed;
    std::thread watcher;
};

}
