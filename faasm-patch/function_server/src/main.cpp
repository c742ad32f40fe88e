#include "flags.h"
#include "native_invoker.h"

#include <connect/server.h>
#include <function_service/function_service.h>
#include <function_service/metrics_server.h>

#include <csignal>
#include <exception>
#include <iostream>

namespace {

constexpr int BAD_FLAGS = 2;
// For what is written last to leave, once everything is answered.
constexpr std::chrono::milliseconds LAST_WRITES{ 1'000 };

// Blocked in every thread, so that only sigwait sees them.
sigset_t blockSignals()
{
    std::signal(SIGPIPE, SIG_IGN);
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    return signals;
}

void serve(const function_server::Flags& flags)
{
    const sigset_t signals = blockSignals();
    function_server::NativeInvoker invoker({ .slots = flags.slots,
                                             .threads = flags.threads,
                                             .echoDelay = flags.echoDelay,
                                             .journal = flags.journal });
    auto serviceOptions = flags.service;
    serviceOptions.server = "function_server/0.1.0";
    auto serverOptions = flags.server;
    serverOptions.maxUnsentBytesPerStream =
      serviceOptions.maxUnsentBytesPerStream;

    function_service::FunctionService service(invoker, serviceOptions);
    connectrpc::Server server(serverOptions);
    service.addTo(server);
    server.listen();

    std::unique_ptr<function_service::MetricsServer> metrics;
    if (flags.metricsPort) {
        metrics = std::make_unique<function_service::MetricsServer>(
          flags.server.host, *flags.metricsPort, [&service] {
              return service.metrics();
          });
        std::cout << "metrics on http://" << flags.server.host << ":"
                  << metrics->port() << "/metrics\n";
    }
    std::cout << "listening on http" << (flags.server.tls ? "s" : "") << "://"
              << flags.server.host << ":" << server.port() << std::endl;

    int received = 0;
    sigwait(&signals, &received);
    service.drain(flags.drain);
    service.close();
    server.drain(LAST_WRITES);
}

}

int main(int argc, char** argv)
{
    try {
        const auto flags =
          function_server::parseFlags({ argv + 1, argv + argc });
        if (flags.help) {
            std::cout << function_server::helpText();
        } else {
            serve(flags);
        }
        return 0;
    } catch (const function_server::FlagError& error) {
        std::cerr << "function_server: " << error.what()
                  << "\nfunction_server --help lists the flags\n";
        return BAD_FLAGS;
    } catch (const std::exception& error) {
        std::cerr << "function_server: " << error.what() << "\n";
        return 1;
    }
}
