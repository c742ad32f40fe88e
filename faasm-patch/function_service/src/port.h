#pragma once

#include "stream_error.h"

#include <connect/call.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace function_service {

// The server's end of a stream: frames in protobuf's binary format, whatever
// the client's codec. Thread-safe as the Call below it is.
class Port
{
  public:
    explicit Port(std::shared_ptr<connectrpc::Call> call)
      : call(std::move(call))
    {}

    // Who the client has proved to be: the subject of its certificate, empty
    // without one.
    const std::string& client() const
    {
        return call->peer().certificateSubject;
    }

    void send(std::string frame);

    // Asks for CallHandler::onWake.
    void wake() { call->wake(); }

    size_t unsentBytes() const { return call->unsentBytes(); }

    void end(const std::optional<StreamError>& error);

    // The frame that came, in binary format. Throws StreamError.
    std::string decode(std::string message) const;

  private:
    const std::shared_ptr<connectrpc::Call> call;
};

}
