#pragma once

#include <connect/code.h>

#include <exception>
#include <string>
#include <utility>

namespace function_service {

// Ends the stream of whoever causes it, as the contract's comment on Channel
// says.
class StreamError : public std::exception
{
  public:
    StreamError(connectrpc::Code code, std::string message)
      : code(code)
      , message(std::move(message))
    {}

    const char* what() const noexcept override { return message.c_str(); }

    connectrpc::Code code;
    std::string message;
};

}
