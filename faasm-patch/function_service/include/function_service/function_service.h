#pragma once

#include <connect/call.h>
#include <connect/server.h>
#include <function_service/invoker.h>
#include <function_service/options.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace function_service {

// Serves faasm.rpc.v1.FunctionService over what runs functions, and with it
// grpc.health.v1.Health and server reflection. Thread-safe.
class FunctionService
{
  public:
    struct Service
    {
        connectrpc::Method method;
        connectrpc::HandlerFactory factory;
    };

    // `invoker` has to live until it has answered every run.
    FunctionService(Invoker& invoker, ServiceOptions options);

    // As close().
    ~FunctionService();

    FunctionService(const FunctionService&) = delete;
    FunctionService& operator=(const FunctionService&) = delete;

    // All methods, to be added to a server that outlives neither this object
    // nor its last call.
    std::vector<Service> methods() const;

    // Adds them.
    void addTo(connectrpc::Server& server) const;

    // Tells clients to go elsewhere, refuses new ones, and waits until
    // everything is answered, up to `grace`. Health says NOT_SERVING from then
    // on.
    void drain(std::chrono::milliseconds grace);

    // Ends every stream with `unavailable`, and stops what still runs.
    void close();

    // Those without a stream included.
    size_t sessions() const;

    // In Prometheus' text format.
    std::string metrics() const;

  private:
    class Impl;
    std::unique_ptr<Impl> impl;
};

}
