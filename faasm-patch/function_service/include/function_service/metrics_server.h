#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace function_service {

// Answers `GET /metrics` by HTTP/1.1, which is what Prometheus speaks, on one
// thread of its own. What clients can make it keep is bounded: connections,
// the size of requests, and their time.
class MetricsServer
{
  public:
    // `text` is called on the server's thread. Port 0: any free one. Throws
    // std::system_error when the address can't be bound.
    MetricsServer(const std::string& host,
                  uint16_t port,
                  std::function<std::string()> text);

    ~MetricsServer();

    MetricsServer(const MetricsServer&) = delete;
    MetricsServer& operator=(const MetricsServer&) = delete;

    uint16_t port() const;

  private:
    class Impl;
    std::unique_ptr<Impl> impl;
};

}
