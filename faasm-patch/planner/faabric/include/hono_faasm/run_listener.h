#pragma once

#include <faabric/proto/faabric.pb.h>
#include <hono_faasm/run_link.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace hono_faasm {

// The worker's end of its link to the planner. Thread-safe.
class RunListener
{
  public:
    // Without the port it does nothing, and runs come by nng.
    void start();
    void stop();

    // False when it has to go another way.
    bool sendResult(const faabric::Message& result);

  private:
    void accept();
    void executeRuns();
    void execute(const std::string& request);
    // Nothing when it has stopped.
    std::shared_ptr<RunLink> awaitLink();

    int socket = -1;
    std::mutex mutex;
    std::condition_variable changed;
    bool stopped = false;
    // That of the planner that came last.
    std::shared_ptr<RunLink> link;
    std::vector<std::thread> threads;
};

RunListener& getRunListener();

// To the planner, by its link or by nng. Takes the input out of the message,
// which need not go back.
void sendRunResult(faabric::Message& message);

}
