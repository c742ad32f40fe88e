// What is added to the worker's scheduler: see takeSurplusExecutors

#include <faabric/executor/Executor.h>
#include <faabric/scheduler/Scheduler.h>
#include <hono_faasm/runs.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <vector>

namespace faabric::scheduler {

// Of apps that are no runs. Their ids are used once, mostly.
constexpr size_t MAX_IDLE_EXECUTORS = 256;

std::vector<std::shared_ptr<faabric::executor::Executor>>
Scheduler::takeSurplusExecutors()
{
    using ExecutorPtr = std::shared_ptr<faabric::executor::Executor>;

    std::vector<ExecutorPtr> idle;
    std::erase_if(executors,
                  [](const auto& app) { return app.second.empty(); });
    for (const auto& [app, ofApp] : executors) {
        std::copy_if(ofApp.begin(),
                     ofApp.end(),
                     std::back_inserter(idle),
                     [](const ExecutorPtr& e) {
                         return !hono_faasm::isRun(e->getBoundMessage()) &&
                                !e->isExecuting();
                     });
    }
    if (idle.size() <= MAX_IDLE_EXECUTORS) {
        return {};
    }
    // A few more, so that it need not be done for each call
    const auto middle =
      idle.begin() + (idle.size() - MAX_IDLE_EXECUTORS / 8 * 7);
    std::nth_element(
      idle.begin(), middle, idle.end(), [](const auto& a, const auto& b) {
          return a->getMillisSinceLastExec() > b->getMillisSinceLastExec();
      });
    std::vector<ExecutorPtr> surplus;
    std::copy_if(idle.begin(),
                 middle,
                 std::back_inserter(surplus),
                 [](const ExecutorPtr& e) { return e->tryClaim(); });
    for (auto& [app, ofApp] : executors) {
        std::erase_if(ofApp, [&surplus](const ExecutorPtr& e) {
            return std::find(surplus.begin(), surplus.end(), e) !=
                   surplus.end();
        });
    }
    return surplus;
}

}
