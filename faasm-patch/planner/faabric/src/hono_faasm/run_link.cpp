#include <hono_faasm/run_link.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace hono_faasm {

namespace {

using Length = uint32_t;

// Longer ones go by nng.
constexpr size_t MAX_MESSAGE_BYTES = 256 * 1024 * 1024;
// As long as a host may be silent to the planner.
constexpr unsigned int UNACKNOWLEDGED_MS = 5'000;
constexpr size_t MAX_STEP_BYTES = 1024 * 1024;

}

RunLink::RunLink(int socket)
  : socket(socket)
{
    const int on = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    // The other end may have gone without a word.
    setsockopt(socket,
               IPPROTO_TCP,
               TCP_USER_TIMEOUT,
               &UNACKNOWLEDGED_MS,
               sizeof(UNACKNOWLEDGED_MS));
    const timeval limit{ .tv_sec = LINK_TIMEOUT_MS / 1'000,
                         .tv_usec = LINK_TIMEOUT_MS % 1'000 * 1'000 };
    setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

RunLink::~RunLink()
{
    ::close(socket);
}

bool RunLink::send(const google::protobuf::MessageLite& message)
{
    const size_t length = message.ByteSizeLong();
    if (length > MAX_MESSAGE_BYTES) {
        return false;
    }
    std::string bytes(sizeof(Length) + length, '\0');
    const auto prefix = static_cast<Length>(length);
    std::memcpy(bytes.data(), &prefix, sizeof(prefix));
    if (!message.SerializeToArray(bytes.data() + sizeof(prefix),
                                  static_cast<int>(length))) {
        return false;
    }

    const std::lock_guard lock(sendMutex);
    size_t sent = 0;
    while (sent < bytes.size() && !hasEnded()) {
        const auto count = ::send(
          socket, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
        if (count >= 0) {
            sent += count;
        } else if (errno != EINTR) {
            // The other end would take what comes next for the rest of it.
            end();
        }
    }
    return sent == bytes.size();
}

bool RunLink::receive(std::string& message)
{
    const std::lock_guard lock(receiveMutex);
    // What is there goes to the front, if it is less than a length.
    if (filled - begin < sizeof(Length)) {
        std::copy(
          buffer.begin() + begin, buffer.begin() + filled, buffer.begin());
        filled -= begin;
        begin = 0;
    }
    while (filled - begin < sizeof(Length)) {
        const auto count =
          receiveSome(buffer.data() + filled, buffer.size() - filled);
        if (count == 0) {
            return false;
        }
        filled += count;
    }

    Length length = 0;
    std::memcpy(&length, buffer.data() + begin, sizeof(length));
    begin += sizeof(length);
    if (length > MAX_MESSAGE_BYTES) {
        end();
        return false;
    }
    size_t received = std::min<size_t>(length, filled - begin);
    message.assign(buffer.data() + begin, received);
    begin += received;
    while (received < length) {
        // There is no room for what is only said to come.
        message.resize(std::min<size_t>(length, received + MAX_STEP_BYTES));
        const auto count =
          receiveSome(message.data() + received, message.size() - received);
        if (count == 0) {
            return false;
        }
        received += count;
    }
    return true;
}

size_t RunLink::receiveSome(char* to, size_t length)
{
    ssize_t count = 0;
    do {
        count = ::recv(socket, to, length, 0);
    } while (count < 0 && errno == EINTR);
    if (count <= 0) {
        end();
        return 0;
    }
    return count;
}

void RunLink::end()
{
    if (!ended.exchange(true)) {
        // It is closed when nobody uses it any more.
        ::shutdown(socket, SHUT_RDWR);
    }
}

bool RunLink::hasEnded() const
{
    return ended;
}

}
