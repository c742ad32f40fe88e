#pragma once

#include "session.h"

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace function_service {

// The sessions of a server, with a stream and without. Thread-safe.
class Sessions
  : public SessionOwner
  , public std::enable_shared_from_this<Sessions>
{
  public:
    using TimePoint = std::chrono::steady_clock::time_point;

    Sessions(std::shared_ptr<const SessionContext> context, uint32_t credits);

    // Finds or makes the session of a stream, by the hello of its first frame,
    // attaches the stream and welcomes it. On the stream's strand. Throws
    // StreamError.
    std::shared_ptr<Session> open(const std::optional<std::string_view>& hello,
                                  const std::shared_ptr<Port>& port);

    // The first frame of a stream has been handled.
    void opened(Session& session);

    // So many calls may a session have unanswered from now on.
    void setCredits(uint32_t credits);

    // Tells every client to go elsewhere. New sessions are refused.
    void drain(const std::string& reason, TimePoint endsAt);

    // Ends all streams and forgets all sessions.
    void close();

    // Whether neither calls are open on streams, nor answers on their way.
    bool isIdle() const;

    size_t size() const;
    size_t withStream() const;
    size_t openCalls() const;

    void finished(Session& session) override;
    void detached(Session& session) override;

  private:
    using Lock = std::unique_lock<std::mutex>;

    struct Record
    {
        std::shared_ptr<Session> session;
        // Of a session without a stream.
        std::optional<Timers::Id> expiry = {};
        std::list<std::string>::iterator place = {};
    };
    using Records = std::unordered_map<std::string, Record>;

    // Under the lock.
    Record& find(const std::string& id,
                 const std::string& client,
                 bool& resumed);
    void evict();
    void keep(Record& record);
    void forget(Records::iterator record);

    void expire(const std::string& id, const Session* session);
    std::vector<std::shared_ptr<Session>> all() const;
    void sendAway(Session& session);

    const std::shared_ptr<const SessionContext> context;
    const std::string serverId;

    mutable std::mutex mutex;
    Records records;
    // Those without a stream, the longest first.
    std::list<std::string> waiting;
    uint32_t credits;
    struct Draining
    {
        std::string reason;
        TimePoint endsAt;
    };
    std::optional<Draining> draining;
};

}
