// What is added to the worker's scheduler: see takeSurplusExecutors

#include <faabric/executor/Executor.h>
#include <faabric/scheduler/Scheduler.h>
#include <faabric/util/environment.h>
#include <hono_faasm/runs.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <set>
#include <utility>
#include <vector>

namespace faabric::scheduler {

// For each slot, of apps that are no runs: their ids are used once, mostly.
constexpr size_t MAX_IDLE_EXECUTORS = 4;

std::vector<std::shared_ptr<faabric::executor::Executor>>
Scheduler::takeSurplusExecutors()
{
    using ExecutorPtr = std::shared_ptr<faabric::executor::Executor>;

    std::vector<std::pair<long, ExecutorPtr>> idle;
    std::erase_if(executors,
                  [](const auto& app) { return app.second.empty(); });
    for (const auto& [app, ofApp] : executors) {
        for (const auto& e : ofApp) {
            if (!hono_faasm::isRun(e->getBoundMessage()) && !e->isExecuting()) {
                idle.emplace_back(e->getMillisSinceLastExec(), e);
            }
        }
    }
    const size_t limit = MAX_IDLE_EXECUTORS * faabric::util::getUsableCores();
    if (idle.size() <= limit) {
        return {};
    }
    std::partial_sort(
      idle.begin(), idle.end() - limit, idle.end(), std::greater<>());
    idle.resize(idle.size() - limit);
    std::vector<ExecutorPtr> surplus;
    for (const auto& [idleMs, e] : idle) {
        if (e->tryClaim()) {
            surplus.push_back(e);
        }
    }
    const std::set<ExecutorPtr> gone(surplus.begin(), surplus.end());
    for (auto& [app, ofApp] : executors) {
        std::erase_if(ofApp,
                      [&gone](const auto& e) { return gone.contains(e); });
    }
    return surplus;
}

}
