#pragma once

#include "exchange.h"
#include "io_thread.h"

#include <connect/server.h>
#include <connect/shared_bound.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace connectrpc::http {

// Accepts connections and spreads them over its threads. listen once; after it
// thread-safe.
class HttpServer
{
  public:
    HttpServer(ServerOptions options, ExchangeHandlerFactory factory);
    ~HttpServer();

    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    // As those of connectrpc::Server.
    void listen();
    uint16_t port() const { return boundPort; }
    void drain(std::chrono::milliseconds grace);
    void stop();

  private:
    using Tcp = boost::asio::ip::tcp;

    void accept();
    void onAccepted(std::shared_ptr<IoThread> thread, Tcp::socket socket);
    // Ends accepting, then calls `work` on each thread.
    void onEachThread(std::function<void(IoThread&)> work);

    const ServerOptions options;
    const std::shared_ptr<SharedBound> bound;
    const ExchangeHandlerFactory factory;
    std::optional<boost::asio::ssl::context> tls;
    uint16_t boundPort = 0;

    std::vector<std::shared_ptr<IoThread>> ioThreads;
    std::vector<std::thread> threads;
    // Used on the first thread only, as all of accepting.
    std::optional<Tcp::acceptor> acceptor;
    std::optional<boost::asio::steady_timer> acceptRetry;
    size_t nextThread = 0;

    std::mutex mutex;
    std::condition_variable connectionGone;
    size_t connections = 0;
    std::mutex stopMutex;
    bool stopped = false;
};

}
