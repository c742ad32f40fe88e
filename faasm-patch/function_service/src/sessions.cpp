#include "sessions.h"

#include "faasm/rpc/v1/function_service.pb.h"

#include <openssl/rand.h>

#include <algorithm>
#include <stdexcept>

namespace function_service {

using connectrpc::Code;
namespace rpc = faasm::rpc::v1;

namespace {

constexpr uint32_t PROTOCOL_VERSION = 1;
constexpr size_t ID_BYTES = 16;

std::string randomId()
{
    std::string id(ID_BYTES, '\0');
    if (RAND_bytes(reinterpret_cast<unsigned char*>(id.data()), ID_BYTES) !=
        1) {
        throw std::runtime_error("OpenSSL has no random bytes");
    }
    return id;
}

}

Sessions::Sessions(std::shared_ptr<const SessionContext> context,
                   uint32_t credits)
  : context(std::move(context))
  , serverId(randomId())
  , credits(credits)
{}

std::shared_ptr<Session> Sessions::open(
  const std::optional<std::string_view>& encodedHello,
  const std::shared_ptr<Port>& port)
{
    if (!encodedHello) {
        throw StreamError(Code::InvalidArgument,
                          "the first frame of a stream has to have a hello");
    }
    rpc::Hello hello;
    if (!hello.ParseFromArray(encodedHello->data(),
                              static_cast<int>(encodedHello->size()))) {
        throw StreamError(Code::InvalidArgument,
                          "the frame's hello is malformed");
    }
    if (hello.protocol_version() != PROTOCOL_VERSION) {
        throw StreamError(
          Code::FailedPrecondition,
          "protocol version " + std::to_string(hello.protocol_version()) +
            " is not spoken here, only " + std::to_string(PROTOCOL_VERSION));
    }
    if (hello.session_id().size() != ID_BYTES) {
        throw StreamError(Code::InvalidArgument,
                          "a session id has " + std::to_string(ID_BYTES) +
                            " bytes");
    }

    const ServiceOptions& options = context->options;
    rpc::Welcome welcome;
    std::shared_ptr<Session> session;
    {
        // Also while it is attached: it must not expire meanwhile.
        Lock lock(mutex);
        bool resumed = false;
        Record& record = find(hello.session_id(), port->client(), resumed);
        session = record.session;
        welcome.set_last_call_id(session->attach(
          port, resumed ? hello.received_sequence() : 0, credits));
        keep(record);
        welcome.set_resumed(resumed);
        welcome.set_credits(credits);
    }
    auto& limits = *welcome.mutable_limits();
    limits.set_max_frame_bytes(options.maxFrameBytes);
    limits.set_max_input_bytes(options.maxInputBytes);
    limits.set_max_output_bytes(options.maxOutputBytes);
    limits.set_max_timeout_ms(options.maxTimeout.count());
    limits.set_resume_window_ms(options.resumeWindow.count());
    limits.set_max_retained_bytes(options.maxRetainedBytes);
    limits.set_max_bindings(options.maxBindings);
    welcome.set_protocol_version(PROTOCOL_VERSION);
    welcome.set_server(options.server);
    welcome.set_server_id(serverId);
    Counters::add(context->counters->framesSent);
    port->send(encodeWelcome(welcome.SerializeAsString()));
    session->flush(port);
    return session;
}

void Sessions::opened(Session& session)
{
    bool away;
    {
        Lock lock(mutex);
        away = draining.has_value();
    }
    if (away) {
        sendAway(session);
    }
}

void Sessions::setCredits(uint32_t newCredits)
{
    {
        Lock lock(mutex);
        if (credits == newCredits) {
            return;
        }
        credits = newCredits;
    }
    for (const auto& session : all()) {
        session->setCredits(newCredits);
    }
}

void Sessions::drain(const std::string& reason, TimePoint endsAt)
{
    {
        Lock lock(mutex);
        draining = Draining{ .reason = reason, .endsAt = endsAt };
    }
    for (const auto& session : all()) {
        sendAway(*session);
    }
}

void Sessions::close()
{
    const auto sessions = all();
    {
        Lock lock(mutex);
        draining = Draining{ .reason = "the server shuts down", .endsAt = {} };
        while (!records.empty()) {
            forget(records.begin());
        }
    }
    for (const auto& session : sessions) {
        session->close(StreamError(Code::Unavailable, "the server shuts down"));
    }
}

bool Sessions::isIdle() const
{
    const auto sessions = all();
    return std::all_of(sessions.begin(),
                       sessions.end(),
                       [](const auto& session) { return session->isIdle(); });
}

size_t Sessions::size() const
{
    Lock lock(mutex);
    return records.size();
}

size_t Sessions::withStream() const
{
    Lock lock(mutex);
    return records.size() - waiting.size();
}

size_t Sessions::openCalls() const
{
    size_t count = 0;
    for (const auto& session : all()) {
        count += session->openCalls();
    }
    return count;
}

void Sessions::finished(Session& session)
{
    Lock lock(mutex);
    const auto found = records.find(session.id);
    if (found != records.end() && found->second.session.get() == &session) {
        forget(found);
    }
}

void Sessions::detached(Session& session)
{
    Lock lock(mutex);
    const auto found = records.find(session.id);
    if (found == records.end() || found->second.session.get() != &session ||
        found->second.expiry || session.hasStream()) {
        return;
    }
    Record& record = found->second;
    record.place = waiting.insert(waiting.end(), session.id);
    record.expiry = context->timers->add(
      std::chrono::steady_clock::now() + context->options.resumeWindow,
      [weak = weak_from_this(), id = session.id, raw = &session] {
          if (const auto sessions = weak.lock()) {
              sessions->expire(id, raw);
          }
      });
}

void Sessions::expire(const std::string& id, const Session* session)
{
    std::shared_ptr<Session> expired;
    {
        Lock lock(mutex);
        const auto found = records.find(id);
        if (found == records.end() || !found->second.expiry ||
            found->second.session.get() != session ||
            found->second.expiry->first > std::chrono::steady_clock::now()) {
            return;
        }
        expired = found->second.session;
        forget(found);
    }
    Counters::add(context->counters->sessionsExpired);
    expired->close(StreamError(Code::Aborted, "the session has expired"));
}

Sessions::Record& Sessions::find(const std::string& id,
                                 const std::string& client,
                                 bool& resumed)
{
    const auto known = records.find(id);
    resumed = known != records.end();
    if (resumed) {
        if (known->second.session->client != client) {
            throw StreamError(Code::Unauthenticated,
                              "the session was opened with another client "
                              "certificate");
        }
        Counters::add(context->counters->sessionsResumed);
        return known->second;
    }
    if (draining) {
        throw StreamError(Code::Unavailable, draining->reason);
    }
    if (records.size() >= context->options.maxSessions) {
        evict();
    }
    Counters::add(context->counters->sessionsOpened);
    context->kept->countHolders(1);
    return records
      .emplace(id,
               Record{ .session = std::make_shared<Session>(
                         id, client, context, weak_from_this()) })
      .first->second;
}

// Makes room by forgetting the session that is without a stream for longest and
// has nothing to lose.
void Sessions::evict()
{
    for (const auto& id : waiting) {
        const auto record = records.find(id);
        if (record->second.session->isIdle()) {
            forget(record);
            return;
        }
    }
    throw StreamError(Code::ResourceExhausted,
                      "the server has " +
                        std::to_string(context->options.maxSessions) +
                        " sessions already, and room for no more");
}

void Sessions::keep(Record& record)
{
    if (record.expiry) {
        context->timers->cancel(*std::exchange(record.expiry, std::nullopt));
        waiting.erase(record.place);
    }
}

void Sessions::forget(Records::iterator record)
{
    keep(record->second);
    record->second.session->release();
    context->kept->countHolders(-1);
    records.erase(record);
}

std::vector<std::shared_ptr<Session>> Sessions::all() const
{
    std::vector<std::shared_ptr<Session>> sessions;
    Lock lock(mutex);
    sessions.reserve(records.size());
    for (const auto& [id, record] : records) {
        sessions.push_back(record.session);
    }
    return sessions;
}

void Sessions::sendAway(Session& session)
{
    Lock lock(mutex);
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      draining->endsAt - std::chrono::steady_clock::now());
    const std::string reason = draining->reason;
    lock.unlock();
    session.goAway(
      reason,
      static_cast<uint32_t>(std::clamp<int64_t>(left.count(), 0, UINT32_MAX)));
}

}
