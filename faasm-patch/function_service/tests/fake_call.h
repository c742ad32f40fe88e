#pragma once

#include <connect/call.h>

#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace tests {

// A call without a connection: what is sent is kept. Thread-safe.
class FakeCall : public connectrpc::Call
{
  public:
    connectrpc::Metadata headers;
    connectrpc::Codec itsCodec = connectrpc::Codec::Proto;
    connectrpc::Peer itsPeer;

    const connectrpc::Metadata& requestHeaders() const override
    {
        return headers;
    }
    connectrpc::Codec codec() const override { return itsCodec; }
    bool isGet() const override { return false; }
    std::optional<std::chrono::steady_clock::time_point> deadline()
      const override
    {
        return {};
    }
    const connectrpc::Peer& peer() const override { return itsPeer; }
    void setResponseHeader(std::string, std::string) override {}
    void setResponseTrailer(std::string, std::string) override {}
    void sendHeaders() override {}

    bool send(std::string message) override
    {
        std::lock_guard lock(mutex);
        if (over) {
            return false;
        }
        unsent += stalled ? message.size() : 0;
        sent.push_back(std::move(message));
        return true;
    }

    size_t unsentBytes() const override
    {
        std::lock_guard lock(mutex);
        return unsent;
    }

    void wake() override
    {
        std::lock_guard lock(mutex);
        woken = true;
    }

    void finish() override
    {
        std::lock_guard lock(mutex);
        over = true;
    }

    void finish(connectrpc::Error reason) override
    {
        std::lock_guard lock(mutex);
        if (!over) {
            over = true;
            error = std::move(reason);
        }
    }

    void pauseReading() override {}
    void resumeReading() override {}

    // For the test.
    bool takeWake()
    {
        std::lock_guard lock(mutex);
        return std::exchange(woken, false);
    }

    std::vector<std::string> takeSent()
    {
        std::lock_guard lock(mutex);
        return std::exchange(sent, {});
    }

    bool isOver() const
    {
        std::lock_guard lock(mutex);
        return over;
    }

    std::optional<connectrpc::Error> getError() const
    {
        std::lock_guard lock(mutex);
        return error;
    }

    // Nothing leaves from now on, until it is false.
    void stall(bool yes)
    {
        std::lock_guard lock(mutex);
        stalled = yes;
        unsent = 0;
    }

  private:
    mutable std::mutex mutex;
    std::vector<std::string> sent;
    size_t unsent = 0;
    bool stalled = false;
    bool woken = false;
    bool over = false;
    std::optional<connectrpc::Error> error;
};

}
