#pragma once

#include <faabric/proto/faabric.pb.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

// What the planner keeps of a run: one message that is executed for a caller
// that waits in the planner's own process. The result goes to the caller, and
// nothing of the run is kept after that.
namespace hono_faasm {

// How long a message to a worker may wait for its connection. The planner does
// it under its lock.
inline constexpr int SEND_TIMEOUT_MS = 2'000;

// How long after a run's time limit its result may come. The worker ends it at
// the limit, but the result's connection may be gone.
inline constexpr std::chrono::milliseconds RESULT_GRACE{ 5'000 };

// Return value of a message whose worker has gone; the function may have run.
inline constexpr int HOST_LOST_RETURN_VALUE = -97;
// That of a message that could not be sent to its worker.
inline constexpr int NOT_SENT_RETURN_VALUE = -96;

// How long a run may wait for the reset after the last one of its app.
inline constexpr std::chrono::milliseconds RESET_TIME_LIMIT{ 1'000 };

// Message::statusKey of runs, by which workers know them, and the planner those
// results that come too late.
inline constexpr const char* RUN_MARK = "hono-faasm";

inline bool isRun(const faabric::Message& msg)
{
    return msg.statuskey() == RUN_MARK;
}

class RunLinks;

// Called once, from any thread, with no lock held.
using RunCallback = std::function<void(std::shared_ptr<faabric::Message>)>;

struct RunEntry
{
    int appId = 0;
    std::string host;
    // When no result is to be expected any more.
    std::chrono::steady_clock::time_point lostAt;
    RunCallback callback;
};

struct RunStart
{
    // Otherwise no host has a free slot, and the callback is not called.
    bool started = false;
    std::string host;
};

struct Slots
{
    uint32_t total = 0;
    uint32_t used = 0;
    // Of those used, the slots of runs.
    uint32_t runs = 0;
};

}
