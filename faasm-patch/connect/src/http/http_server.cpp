#include "http_server.h"

#include "connection.h"
#include "tls_context.h"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <stdexcept>
#include <system_error>

namespace connectrpc::http {

namespace {

namespace asio = boost::asio;

using namespace std::chrono_literals;

// After the process or the system had no descriptor left.
constexpr auto acceptRetryAfter = 100ms;

void require(const boost::system::error_code& error, const std::string& what)
{
    if (error) {
        throw std::system_error(static_cast<std::error_code>(error), what);
    }
}

std::string describe(const asio::ip::tcp::endpoint& endpoint)
{
    const std::string address = endpoint.address().to_string();
    return (endpoint.address().is_v6() ? "[" + address + "]" : address) + ":" +
           std::to_string(endpoint.port());
}

}

HttpServer::HttpServer(ServerOptions options, ExchangeHandlerFactory factory)
  : options(std::move(options))
  , bound(std::make_shared<SharedBound>(this->options.maxBytes))
  , factory(std::move(factory))
{}

HttpServer::~HttpServer()
{
    stop();
}

void HttpServer::listen()
{
    if (options.tls) {
        tls.emplace(makeTlsContext(*options.tls));
    }
    for (unsigned i = 0; i < std::max(1u, options.ioThreads); i++) {
        ioThreads.push_back(std::make_shared<IoThread>());
    }

    const std::string where = options.host + ":" + std::to_string(options.port);
    asio::io_context& first = ioThreads.front()->context;
    boost::system::error_code error;
    const auto found =
      Tcp::resolver(first).resolve(options.host,
                                   std::to_string(options.port),
                                   Tcp::resolver::passive,
                                   error);
    require(error, where);
    const Tcp::endpoint endpoint = *found.begin();
    acceptor.emplace(first);
    acceptor->open(endpoint.protocol(), error);
    require(error, where);
    acceptor->set_option(Tcp::acceptor::reuse_address(true), error);
    require(error, where);
    acceptor->bind(endpoint, error);
    require(error, where);
    acceptor->listen(asio::socket_base::max_listen_connections, error);
    require(error, where);
    boundPort = acceptor->local_endpoint().port();
    acceptRetry.emplace(first);
    accept();

    for (const auto& thread : ioThreads) {
        threads.emplace_back([thread] { thread->context.run(); });
    }
}

void HttpServer::accept()
{
    const auto thread = ioThreads[nextThread];
    nextThread = (nextThread + 1) % ioThreads.size();
    acceptor->async_accept(
      thread->context,
      [this, thread](const boost::system::error_code& error,
                     Tcp::socket socket) {
          if (!acceptor->is_open()) {
              return;
          }
          if (!error) {
              onAccepted(thread, std::move(socket));
          } else if (error == asio::error::no_descriptors ||
                     error.value() == ENFILE ||
                     error == asio::error::no_memory ||
                     error == asio::error::no_buffer_space) {
              acceptRetry->expires_after(acceptRetryAfter);
              acceptRetry->async_wait(
                [this](const boost::system::error_code& failed) {
                    if (!failed && acceptor->is_open()) {
                        accept();
                    }
                });
              return;
          }
          accept();
      });
}

void HttpServer::onAccepted(std::shared_ptr<IoThread> thread,
                            Tcp::socket socket)
{
    boost::system::error_code error;
    socket.set_option(Tcp::no_delay(true), error);
    const auto endpoint = socket.remote_endpoint(error);
    {
        const std::lock_guard lock(mutex);
        if (error || connections >= options.maxConnections) {
            return;
        }
        connections++;
    }
    Peer peer{ describe(endpoint), tls.has_value() };
    auto transport =
      tls ? makeTlsTransport(std::move(socket), *tls)
          : makeTcpTransport(std::move(socket), thread->readBuffer);
    auto connection =
      std::make_shared<Connection>(options,
                                   factory,
                                   bound,
                                   thread,
                                   std::move(transport),
                                   std::move(peer),
                                   [this] {
                                       const std::lock_guard lock(mutex);
                                       connections--;
                                       connectionGone.notify_all();
                                   });
    asio::post(thread->context,
               [connection = std::move(connection)] { connection->start(); });
}

void HttpServer::onEachThread(std::function<void(IoThread&)> work)
{
    asio::post(ioThreads.front()->context, [this, work = std::move(work)] {
        // First, so that no connection is missed.
        boost::system::error_code ignored;
        acceptor->close(ignored);
        acceptRetry->cancel();
        for (const auto& thread : ioThreads) {
            asio::post(thread->context, [thread, work] { work(*thread); });
        }
    });
}

void HttpServer::drain(std::chrono::milliseconds grace)
{
    {
        const std::lock_guard lock(stopMutex);
        if (stopped || threads.empty()) {
            return;
        }
        onEachThread([](IoThread& thread) {
            thread.drains = true;
            // They leave the set as they end.
            const auto open = thread.connections;
            for (const auto& connection : open) {
                connection->drain();
            }
        });
    }
    {
        std::unique_lock lock(mutex);
        connectionGone.wait_for(
          lock, grace, [this] { return connections == 0; });
    }
    stop();
}

void HttpServer::stop()
{
    const std::lock_guard lock(stopMutex);
    if (stopped || threads.empty()) {
        return;
    }
    stopped = true;
    onEachThread([](IoThread& thread) {
        thread.stopped = true;
        const auto open = thread.connections;
        for (const auto& connection : open) {
            connection->stop();
        }
        thread.work.reset();
    });
    for (std::thread& thread : threads) {
        thread.join();
    }
}

}
