#include <hono_faasm/run_links.h>

#include <faabric/transport/tcp/Address.h>
#include <faabric/util/logging.h>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace hono_faasm {

namespace {

// After a link has ended, or has not come about.
constexpr std::chrono::milliseconds RETRY_INTERVAL{ 1'000 };

// Nothing when the worker has none.
std::shared_ptr<RunLink> connect(const std::string& host)
{
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval limit{ .tv_sec = LINK_TIMEOUT_MS / 1'000,
                         .tv_usec = LINK_TIMEOUT_MS % 1'000 * 1'000 };
    setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    const faabric::transport::tcp::Address address(host, RUN_PORT);
    if (::connect(socket, address.get(), sizeof(sockaddr_in)) != 0) {
        ::close(socket);
        return nullptr;
    }
    return std::make_shared<RunLink>(socket);
}

}

RunLinks::RunLinks(OnResult onResult)
  : onResult(std::move(onResult))
{}

RunLinks::~RunLinks()
{
    {
        const std::lock_guard lock(mutex);
        stopped = true;
        for (auto& [host, peer] : peers) {
            if (peer.link != nullptr) {
                peer.link->end();
            }
        }
    }
    for (auto& [host, peer] : peers) {
        peer.thread.join();
    }
}

bool RunLinks::send(const std::string& host,
                    const faabric::BatchExecuteRequest& request)
{
    std::shared_ptr<RunLink> link;
    {
        const std::lock_guard lock(mutex);
        auto& peer = peers[host];
        if (peer.ended && Clock::now() - peer.endedAt >= RETRY_INTERVAL) {
            peer.thread.join();
            peer.ended = false;
        }
        if (!peer.thread.joinable()) {
            peer.thread =
              std::thread([this, host, &peer] { serve(host, peer); });
        }
        link = peer.link;
    }
    return link != nullptr && link->send(request);
}

void RunLinks::serve(const std::string& host, Peer& peer)
{
    const auto link = connect(host);
    if (link != nullptr) {
        {
            const std::lock_guard lock(mutex);
            if (stopped) {
                return;
            }
            peer.link = link;
        }
        SPDLOG_INFO("Runs go to {} by a link", host);
        receiveResults(*link);
    }
    const std::lock_guard lock(mutex);
    peer.link = nullptr;
    peer.ended = true;
    peer.endedAt = Clock::now();
}

void RunLinks::receiveResults(RunLink& link)
{
    while (true) {
        std::string bytes;
        if (!link.receive(bytes)) {
            return;
        }
        auto result = std::make_shared<faabric::Message>();
        if (result->ParseFromString(bytes)) {
            onResult(std::move(result));
        } else {
            SPDLOG_ERROR("A run's result can't be read, and is left out");
        }
    }
}

}
