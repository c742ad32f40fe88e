#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace function_service {

// Bounds of a FunctionService. What they limit, the contract's Limits tell to
// clients.
struct ServiceOptions
{
    // For the log of clients, such as `hono-faasm-planner/0.1.0`.
    std::string server = "hono-faasm-native/0.1.0";
    // Clients have to send `authorization: Bearer <token>`; empty: they need
    // not.
    std::string bearerToken = {};

    // Time limit of a call that carries none, and the longest one.
    std::chrono::milliseconds timeout{ 30'000 };
    std::chrono::milliseconds maxTimeout{ 600'000 };

    size_t maxFrameBytes = 1024 * 1024;
    size_t maxInputBytes = 8 * 1024 * 1024;
    size_t maxOutputBytes = 8 * 1024 * 1024;

    // How long a session without a stream is kept.
    std::chrono::milliseconds resumeWindow{ 30'000 };
    // Most bytes of results without acknowledgement in a session; above it no
    // further call starts.
    size_t maxRetainedBytes = 16 * 1024 * 1024;
    // From how many bytes, of results without acknowledgement, of inputs held
    // back and of bindings in all sessions together, sessions with more than
    // their equal share have to wait. From twice as many on their outputs are
    // dropped.
    size_t maxKeptBytes = 256 * 1024 * 1024;
    // Those without a stream included.
    size_t maxSessions = 1'000;
    // Of a stream.
    size_t maxBindings = 10'000;
    // Most calls that a session may have unanswered. 0: as many as may run and
    // wait, at most 1,024.
    uint32_t credits = 0;

    // Most calls that wait for a slot, and most bytes of their inputs; one more
    // is answered with ERROR_KIND_OVERLOADED.
    size_t maxQueuedCalls = 1'024;
    size_t maxQueuedBytes = 64 * 1024 * 1024;

    // That of the server that the service is added to: above half of it a
    // stream waits for its client to read.
    size_t maxUnsentBytesPerStream = 32 * 1024 * 1024;
};

}
