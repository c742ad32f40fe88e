#pragma once

#include <connect/call.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace function_service {

// grpc.health.v1.Health. Thread-safe.
class Health : public std::enable_shared_from_this<Health>
{
  public:
    std::shared_ptr<connectrpc::CallHandler> check(
      std::shared_ptr<connectrpc::Call> call);

    std::shared_ptr<connectrpc::CallHandler> watch(
      std::shared_ptr<connectrpc::Call> call);

    // NOT_SERVING from now on; who watches is told.
    void stopServing();

  private:
    class CheckHandler;
    class WatchHandler;

    // Of grpc.health.v1.HealthCheckResponse; 3: there is no such service.
    int statusOf(const std::string& service) const;

    std::atomic<bool> serving{ true };
    std::mutex mutex;
    // By the handler that takes it out.
    std::unordered_map<const void*, std::shared_ptr<connectrpc::Call>> watchers;
};

}
