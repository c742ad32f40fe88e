#pragma once

#include "admission_queue.h"
#include "counters.h"
#include "port.h"
#include "retained_frames.h"
#include "stream_error.h"
#include "wire/client_frame.h"
#include "wire/server_frame.h"
#include <connect/shared_bound.h>
#include <function_service/options.h>
#include <function_service/timers.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace function_service {

class Session;

// Whoever has the session. Called without a session's lock.
class SessionOwner
{
  public:
    virtual ~SessionOwner() = default;

    // The client is done, and so is the session: it can be forgotten.
    virtual void finished(Session& session) = 0;

    // The session has lost its stream.
    virtual void detached(Session& session) = 0;
};

// What every session of a server uses.
struct SessionContext
{
    const ServiceOptions options;
    const std::shared_ptr<AdmissionQueue> queue;
    // What all sessions keep for their clients.
    const std::shared_ptr<connectrpc::SharedBound> kept;
    const std::shared_ptr<Timers> timers;
    const std::shared_ptr<Counters> counters;
};

// The calls of one client, and the results that it has not acknowledged.
// Outlives the streams that carry it.
//
// Every call is run once and answered once: a call id that is not larger than
// the last one is refused, and results are kept until they are acknowledged.
//
// Thread-safe. What belongs to a stream (attach, receive, halfClose, flush) is
// called on that stream's strand; frames are sent only there, so they keep
// their order without a lock.
class Session
  : public CallOwner
  , public std::enable_shared_from_this<Session>
{
  public:
    using TimePoint = std::chrono::steady_clock::time_point;

    Session(std::string id,
            std::string client,
            std::shared_ptr<const SessionContext> context,
            std::weak_ptr<SessionOwner> owner);

    const std::string id;
    // Port::client of its first stream: another's has no right to it.
    const std::string client;

    // Gives the session a stream; the one that it has is ended. Returns the
    // last call id, which the stream has to be welcomed with. What the client
    // has not received follows with flush. Throws StreamError.
    uint64_t attach(const std::shared_ptr<Port>& port,
                    uint64_t receivedSequence,
                    uint32_t credits);

    // The stream is gone. Calls run on.
    void detach(const std::shared_ptr<Port>& port);

    // Takes a frame, apart from its hello. Throws StreamError.
    void receive(const std::shared_ptr<Port>& port, const ClientFrame& frame);

    // The client sends nothing more: what is open is answered, then the stream
    // ends.
    void halfClose(const std::shared_ptr<Port>& port);

    // Sends what is ready, as far as the client reads.
    void flush(const std::shared_ptr<Port>& port);

    // Tells the client to go elsewhere; calls up to now are answered.
    void goAway(const std::string& reason, uint32_t graceMs);

    // So many calls may be unanswered from now on.
    void setCredits(uint32_t credits);

    // Forgets everything, stops what runs, and ends the stream.
    void close(const StreamError& error);

    // The session is forgotten: what it keeps counts no more.
    void release();

    // Nothing would be lost if the session were forgotten.
    bool isIdle() const;

    bool hasStream() const;

    size_t openCalls() const;

    void answered(uint64_t callId, FrameResult result) override;

  private:
    using Lock = std::unique_lock<std::mutex>;

    struct Name
    {
        std::string user;
        std::string function;
        uint32_t timeoutMs;
    };

    struct OpenCall
    {
        std::shared_ptr<const Name> name;
        // Absent while the call may not start.
        std::shared_ptr<AdmissionQueue::Entry> running = {};
    };

    // Under the lock.
    void check(const ClientFrame& frame) const;
    void acknowledge(uint64_t acknowledged);
    void account();
    // As the contract counts.
    size_t unacknowledged() const { return retained.bytes() + resultBytes; }
    // With what it costs to keep them.
    size_t unacknowledgedCost() const;
    bool isFull() const;
    void bind(const FrameBinding& binding);
    void clearBindings();
    void push(FrameResult result);
    FrameResult keepable(const Name& name, FrameResult result) const;
    std::shared_ptr<AdmissionQueue::Entry> prepare(uint64_t callId, Run run);
    bool hold(uint64_t callId, Run run);
    void armHeldTimer();
    void unhold(std::map<uint64_t, Run>::iterator held);
    std::optional<std::string> nextFrame();
    std::string takeBatch();
    // Gives the lock back, and wakes the stream when something is to be sent.
    void wake(Lock lock);

    void accept(const std::shared_ptr<Port>& from, const FrameCall& call);
    void cancel(uint64_t callId);
    void startHeld();
    void expireHeld();

    const std::shared_ptr<const SessionContext> context;
    const ServiceOptions& options;
    const std::weak_ptr<SessionOwner> owner;

    mutable std::mutex mutex;
    std::shared_ptr<Port> port;
    // Those of the stream.
    std::map<uint32_t, std::shared_ptr<const Name>> bindings;
    size_t bindingBytes = 0;
    std::map<uint64_t, OpenCall> calls;
    // Calls that wait for acknowledgements to make room for results.
    std::map<uint64_t, Run> held;
    size_t heldBytes = 0;
    std::optional<Timers::Id> heldTimer;
    // Results that are in no frame yet.
    std::deque<FrameResult> results;
    size_t resultBytes = 0;
    RetainedFrames retained;
    // What `kept` knows of this session.
    size_t keptBytes = 0;
    uint64_t lastCallId = 0;
    // The highest number that the stream has been told: who sends as many calls
    // has not seen a lower one.
    uint32_t grantedCredits = 0;
    std::optional<uint32_t> pendingCredits;
    // An encoded frame.
    std::optional<std::string> pendingGoAway;
    bool sentAway = false;
    bool woken = false;
    // The client has half-closed.
    bool ending = false;
    bool closed = false;
    bool released = false;
};

}
