#pragma once

#include "http/exchange.h"

#include <connect/call.h>
#include <connect/server.h>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace connectrpc::protocol {

// Finds for a request its method and its protocol, and makes its call. Methods
// are added before the first request; thread-safe from then on.
class Router
{
  public:
    explicit Router(
      size_t maxMessageBytes,
      std::chrono::milliseconds requestTimeout = ServerOptions().stallTimeout)
      : maxMessageBytes(maxMessageBytes)
      , requestTimeout(requestTimeout)
    {}

    void addMethod(Method method, HandlerFactory factory);

    std::shared_ptr<http::ExchangeHandler> open(
      std::shared_ptr<http::Exchange> exchange) const;

  private:
    struct Hash
    {
        using is_transparent = void;
        size_t operator()(std::string_view text) const
        {
            return std::hash<std::string_view>()(text);
        }
    };

    struct Route
    {
        Method method;
        HandlerFactory factory;
    };

    size_t maxMessageBytes;
    std::chrono::milliseconds requestTimeout;
    std::unordered_map<std::string, Route, Hash, std::equal_to<>> routes;
};

}
