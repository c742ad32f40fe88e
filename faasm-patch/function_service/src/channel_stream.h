#pragma once

#include "port.h"
#include "sessions.h"

#include <connect/call.h>
#include <function_service/timers.h>

#include <memory>
#include <optional>
#include <string>

namespace function_service {

// One stream of a client: finds its session by the first frame, and gives the
// frames to it. On the stream's strand.
class ChannelStream : public connectrpc::CallHandler
{
  public:
    ChannelStream(std::shared_ptr<connectrpc::Call> call,
                  std::shared_ptr<Sessions> sessions,
                  std::shared_ptr<Timers> timers,
                  std::shared_ptr<Counters> counters);

    void onMessage(std::string message) override;
    void onEnd() override;
    void onWritable() override { onWake(); }
    void onWake() override;
    void onClosed(std::optional<connectrpc::Error> reason) override;

  private:
    void receive(const std::string& message);
    // A frame that is wrong ends the stream; its session stays.
    void fail(const StreamError& error);

    std::shared_ptr<Port> port;
    const std::shared_ptr<Sessions> sessions;
    const std::shared_ptr<Timers> timers;
    const std::shared_ptr<Counters> counters;
    std::shared_ptr<Session> session;
    std::optional<Timers::TimePoint> halfClosedAt;
    bool ended = false;
};

}
