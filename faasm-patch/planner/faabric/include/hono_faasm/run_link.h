#pragma once

#include <google/protobuf/message_lite.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <mutex>
#include <string>

namespace hono_faasm {

// Where a worker listens for the planner's link, beside faabric's own ports.
inline constexpr int RUN_PORT = 8013;

// How long connecting may take, or the other end take nothing.
inline constexpr int LINK_TIMEOUT_MS = 2'000;

// One end of a connection that carries runs from the planner to a worker, and
// their results back: protobuf messages, each behind its length. nng, which
// carries everything else, hands a message from thread to thread four times on
// its way. Thread-safe.
class RunLink
{
  public:
    // Takes the connected socket over.
    explicit RunLink(int socket);
    ~RunLink();

    RunLink(const RunLink&) = delete;
    RunLink& operator=(const RunLink&) = delete;

    // False when it did not go out whole, so that nobody gets it.
    bool send(const google::protobuf::MessageLite& message);

    // Waits for the next message, and gives it as it came. False when there is
    // none any more.
    bool receive(std::string& message);

    void end();

    bool hasEnded() const;

  private:
    // 0 when the link has ended.
    size_t receiveSome(char* to, size_t length);

    const int socket;
    std::atomic<bool> ended = false;
    std::mutex sendMutex;
    std::mutex receiveMutex;
    // What came behind the last message.
    std::array<char, 65'536> buffer;
    size_t begin = 0;
    size_t filled = 0;
};

}
