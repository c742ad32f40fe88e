#include <connect/server.h>

#include "http/http_server.h"
#include "protocol/router.h"

namespace connectrpc {

class Server::Impl
{
  public:
    explicit Impl(ServerOptions options)
      : router(options.maxMessageBytes, options.stallTimeout)
      , http(std::move(options),
             [this](std::shared_ptr<http::Exchange> exchange) {
                 return router.open(std::move(exchange));
             })
    {}

    protocol::Router router;
    http::HttpServer http;
};

Server::Server(ServerOptions options)
  : impl(std::make_unique<Impl>(std::move(options)))
{}

Server::~Server() = default;

void Server::addMethod(Method method, HandlerFactory factory)
{
    impl->router.addMethod(std::move(method), std::move(factory));
}

void Server::listen()
{
    impl->http.listen();
}

uint16_t Server::port() const
{
    return impl->http.port();
}

void Server::drain(std::chrono::milliseconds grace)
{
    impl->http.drain(grace);
}

void Server::stop()
{
    impl->http.stop();
}

}
