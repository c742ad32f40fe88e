#pragma once

#include <faabric/proto/faabric.pb.h>
#include <hono_faasm/run_link.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace hono_faasm {

// The planner's ends of its links to workers. Thread-safe.
class RunLinks
{
  public:
    // Called in a link's own thread.
    using OnResult = std::function<void(std::shared_ptr<faabric::Message>)>;

    explicit RunLinks(OnResult onResult);
    ~RunLinks();

    RunLinks(const RunLinks&) = delete;
    RunLinks& operator=(const RunLinks&) = delete;

    // False when it has to go another way: the link is being made, or the
    // worker has none.
    bool send(const std::string& host,
              const faabric::BatchExecuteRequest& request);

  private:
    using Clock = std::chrono::steady_clock;

    struct Peer
    {
        // While there is a connection.
        std::shared_ptr<RunLink> link;
        bool ended = false;
        Clock::time_point endedAt;
        std::thread thread;
    };

    void serve(const std::string& host, Peer& peer);
    void receiveResults(RunLink& link);

    const OnResult onResult;
    std::mutex mutex;
    bool stopped = false;
    // A worker's stays when the worker has gone.
    std::map<std::string, Peer> peers;
};

}
