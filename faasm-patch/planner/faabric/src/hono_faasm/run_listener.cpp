#include <hono_faasm/run_listener.h>

#include <faabric/planner/PlannerClient.h>
#include <faabric/scheduler/Scheduler.h>
#include <faabric/transport/tcp/Address.h>
#include <faabric/util/clock.h>
#include <faabric/util/config.h>
#include <faabric/util/logging.h>
#include <faabric/util/network.h>

#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace hono_faasm {

namespace {

// After the system had no descriptor for a connection.
constexpr std::chrono::milliseconds RETRY_INTERVAL{ 100 };

}

void RunListener::start()
{
    const auto& config = faabric::util::getSystemConfig();
    const faabric::transport::tcp::Address address(
      faabric::util::getIPFromHostname(config.endpointHost), RUN_PORT);
    socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (::bind(socket, address.get(), sizeof(sockaddr_in)) != 0 ||
        ::listen(socket, 1) != 0) {
        SPDLOG_ERROR("No link for runs on {}:{}: {}",
                     config.endpointHost,
                     RUN_PORT,
                     std::strerror(errno));
        ::close(socket);
        socket = -1;
        return;
    }
    threads.emplace_back([this] { accept(); });
    // As many as there are for what comes by nng: a cold start takes one of
    // them for a while.
    for (int i = 0; i < config.functionServerThreads; i++) {
        threads.emplace_back([this] { executeRuns(); });
    }
}

void RunListener::stop()
{
    if (socket < 0) {
        return;
    }
    {
        const std::lock_guard lock(mutex);
        stopped = true;
        if (link != nullptr) {
            link->end();
        }
    }
    changed.notify_all();
    // Accepting ends
    ::shutdown(socket, SHUT_RDWR);
    for (auto& thread : threads) {
        thread.join();
    }
    threads.clear();
    ::close(socket);
    socket = -1;
}

bool RunListener::sendResult(const faabric::Message& result)
{
    std::shared_ptr<RunLink> current;
    {
        const std::lock_guard lock(mutex);
        current = link;
    }
    return current != nullptr && current->send(result);
}

void RunListener::accept()
{
    while (true) {
        const int accepted = ::accept4(socket, nullptr, nullptr, SOCK_CLOEXEC);
        std::unique_lock lock(mutex);
        if (stopped) {
            if (accepted >= 0) {
                ::close(accepted);
            }
            return;
        }
        if (accepted < 0) {
            SPDLOG_ERROR("No link for a planner: {}", std::strerror(errno));
            changed.wait_for(lock, RETRY_INTERVAL, [this] { return stopped; });
            continue;
        }
        // A planner that has been started again
        if (link != nullptr) {
            link->end();
        }
        link = std::make_shared<RunLink>(accepted);
        changed.notify_all();
    }
}

void RunListener::executeRuns()
{
    while (const auto current = awaitLink()) {
        std::string request;
        if (current->receive(request)) {
            execute(request);
        }
    }
}

void RunListener::execute(const std::string& bytes)
{
    const auto request = std::make_shared<faabric::BatchExecuteRequest>();
    if (!request->ParseFromString(bytes)) {
        SPDLOG_ERROR("A run can't be read, and is left out");
        return;
    }
    for (auto& message : *request->mutable_messages()) {
        message.set_starttimestamp(
          faabric::util::getGlobalClock().epochMillis());
        message.set_executedhost(faabric::util::getSystemConfig().endpointHost);
    }
    faabric::scheduler::getScheduler().executeBatch(request);
}

std::shared_ptr<RunLink> RunListener::awaitLink()
{
    std::unique_lock lock(mutex);
    changed.wait(lock, [this] {
        return stopped || (link != nullptr && !link->hasEnded());
    });
    return stopped ? nullptr : link;
}

RunListener& getRunListener()
{
    static RunListener listener;
    return listener;
}

void sendRunResult(faabric::Message& message)
{
    message.set_finishtimestamp(faabric::util::getGlobalClock().epochMillis());
    // The planner has it
    message.clear_inputdata();
    if (!getRunListener().sendResult(message)) {
        faabric::planner::getPlannerClient().setMessageResult(
          std::make_shared<faabric::Message>(message));
    }
}

}
