#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <variant>

namespace function_service {

// Why a call has no output; the values are those of faasm.rpc.v1.ErrorKind.
enum class ErrorKind : uint8_t
{
    Unspecified = 0,
    Trap = 1,
    Timeout = 2,
    UnknownFunction = 3,
    Overloaded = 4,
    Cancelled = 5,
    OutOfMemory = 6,
    InputTooLarge = 7,
    OutputTooLarge = 8,
    Unavailable = 9,
    InvalidFunction = 10,
};

struct CallError
{
    ErrorKind kind = ErrorKind::Unspecified;
    // Names the function and the limit, for a person.
    std::string message;
    bool mayHaveRun = false;
};

// The run has not started: what runs functions has no room after all. The queue
// keeps the call and submits it again when there is capacity.
struct Busy
{};

struct Outcome
{
    // The output, or why there is none.
    std::variant<std::string, CallError, Busy> result;
    // Microseconds from submit until the function started.
    uint32_t queuedUs = 0;
    // Microseconds that the function ran.
    uint32_t executedUs = 0;
    // The call waited for a faaslet to be created.
    bool cold = false;
};

// How much a caller wants to know of where its call's time goes; the values are
// those of faasm.rpc.v1.TimingsLevel.
enum class TimingsLevel : uint8_t
{
    None = 0,
    Brief = 1,
    Detailed = 2,
};

struct Run
{
    std::string user;
    std::string function;
    std::string input;
    std::string traceparent;
    TimingsLevel timings = TimingsLevel::None;
    std::chrono::steady_clock::time_point deadline;
};

// What runs functions: Faasm's planner, or functions of this process.
// Thread-safe.
class Invoker
{
  public:
    virtual ~Invoker() = default;

    // Calls `done` exactly once, from any thread, also before it returns. Must
    // not block for long. Enforces the deadline of what it has started. Returns
    // an id for cancel.
    virtual uint64_t submit(Run run, std::function<void(Outcome)> done) = 0;

    // The result is no longer wanted. Best effort: `done` is still called once.
    // Unknown ids are ignored.
    virtual void cancel(uint64_t id) = 0;

    // How many runs may be going on at once, now. The queue submits no more
    // than that.
    virtual uint32_t capacity() const = 0;

    // Called, from any thread, whenever capacity() has changed. Set once,
    // before the first submit.
    virtual void onCapacityChange(std::function<void()> changed) = 0;
};

}
