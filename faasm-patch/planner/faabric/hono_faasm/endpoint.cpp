#include "planner_invoker.h"

#include <connect/server.h>
#include <faabric/util/logging.h>
#include <function_service/function_service.h>
#include <function_service/metrics_server.h>
#include <hono_faasm/endpoint.h>

#include <charconv>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

namespace hono_faasm {

namespace {

constexpr std::chrono::milliseconds DRAIN_TIME{ 10'000 };
// For what is written last to leave, once everything is answered.
constexpr std::chrono::milliseconds LAST_WRITES{ 1'000 };

std::string readText(const std::string& name)
{
    const char* value = std::getenv(("FUNCTION_SERVICE_" + name).c_str());
    return value == nullptr ? "" : value;
}

template<typename T>
std::optional<T> readNumber(const std::string& name)
{
    const auto text = readText(name);
    if (text.empty()) {
        return std::nullopt;
    }
    T number = 0;
    const auto* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, number);
    if (parsed.ec != std::errc() || parsed.ptr != end) {
        throw std::runtime_error("FUNCTION_SERVICE_" + name + "=" + text +
                                 " is not a number in range");
    }
    return number;
}

// A file, so that the token is in no process listing and no crash report.
std::string readToken()
{
    const auto path = readText("TOKEN_FILE");
    if (path.empty()) {
        return "";
    }
    std::ifstream file(path);
    std::string token{ std::istreambuf_iterator<char>(file), {} };
    while (!token.empty() && (token.back() == '\n' || token.back() == '\r')) {
        token.pop_back();
    }
    if (token.empty()) {
        throw std::runtime_error("FUNCTION_SERVICE_TOKEN_FILE=" + path +
                                 " holds no token");
    }
    return token;
}

function_service::ServiceOptions readServiceOptions()
{
    function_service::ServiceOptions options;
    options.server = "hono-faasm-planner/0.1.0";
    options.bearerToken = readToken();
    const auto set = [](auto& option, auto number) {
        if (number) {
            option = *number;
        }
    };
    set(options.maxQueuedCalls, readNumber<size_t>("QUEUE"));
    set(options.maxRetainedBytes, readNumber<size_t>("RETAINED_BYTES"));
    if (const auto ms = readNumber<uint32_t>("RESUME_WINDOW_MS")) {
        options.resumeWindow = std::chrono::milliseconds(*ms);
    }
    if (const auto ms = readNumber<uint32_t>("TIMEOUT_MS")) {
        options.timeout = std::chrono::milliseconds(*ms);
    }
    if (const auto ms = readNumber<uint32_t>("MAX_TIMEOUT_MS")) {
        options.maxTimeout = std::chrono::milliseconds(*ms);
    }
    return options;
}

connectrpc::ServerOptions readServerOptions(uint16_t port)
{
    connectrpc::ServerOptions options;
    options.port = port;
    if (const auto host = readText("HOST"); !host.empty()) {
        options.host = host;
    }
    const auto certificate = readText("TLS_CERT");
    if (!certificate.empty()) {
        options.tls =
          connectrpc::TlsOptions{ .certificateFile = certificate,
                                  .keyFile = readText("TLS_KEY"),
                                  .clientCaFile = readText("CLIENT_CA"),
                                  .requireClientCertificate =
                                    !readText("CLIENT_CA").empty() };
    }
    return options;
}

// Its parts end in the order in which they need each other.
class Endpoint
{
  public:
    explicit Endpoint(uint16_t port)
      : serviceOptions(readServiceOptions())
      , invoker(faabric::planner::getPlanner())
      , service(invoker, serviceOptions)
      , server(serverOptions(port))
    {
        service.addTo(server);
        server.listen();
        if (const auto metricsPort = readNumber<uint16_t>("METRICS_PORT")) {
            metrics = std::make_unique<function_service::MetricsServer>(
              readServerOptions(port).host, *metricsPort, [this] {
                  return service.metrics();
              });
        }
        SPDLOG_INFO("FunctionService on port {}", server.port());
    }

    ~Endpoint()
    {
        service.drain(DRAIN_TIME);
        service.close();
        server.drain(LAST_WRITES);
    }

    Endpoint(const Endpoint&) = delete;
    Endpoint& operator=(const Endpoint&) = delete;

  private:
    connectrpc::ServerOptions serverOptions(uint16_t port) const
    {
        auto options = readServerOptions(port);
        options.maxUnsentBytesPerStream =
          serviceOptions.maxUnsentBytesPerStream;
        return options;
    }

    const function_service::ServiceOptions serviceOptions;
    PlannerInvoker invoker;
    function_service::FunctionService service;
    connectrpc::Server server;
    std::unique_ptr<function_service::MetricsServer> metrics;
};

}

std::shared_ptr<void> startFunctionService()
{
    const auto port = readNumber<uint16_t>("PORT");
    if (!port) {
        return nullptr;
    }
    return std::make_shared<Endpoint>(*port);
}

}
