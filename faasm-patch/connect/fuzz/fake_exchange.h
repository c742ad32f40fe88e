#pragma once

#include "../src/http/exchange.h"
#include "input.h"

#include <memory>
#include <optional>
#include <string>

namespace fuzz {

// Takes what a protocol answers, and checks that HTTP allows it. Used on one
// thread.
class FakeExchange : public connectrpc::http::Exchange
{
  public:
    explicit FakeExchange(connectrpc::http::Request request)
      : theRequest(std::move(request))
    {}

    const connectrpc::http::Request& request() const override
    {
        return theRequest;
    }

    void respond(int status, connectrpc::Metadata headers, bool end) override
    {
        if (over) {
            return;
        }
        require(!responded, "a second response");
        require(status >= 200 && status < 600, "no final HTTP status");
        requireFields(headers);
        responded = true;
        over = end;
    }

    bool write(std::string bytes) override
    {
        if (over) {
            return false;
        }
        require(responded, "a body without headers");
        unsent += bytes.size();
        return true;
    }

    void end(connectrpc::Metadata trailers) override
    {
        if (over) {
            return;
        }
        require(responded, "an end without headers");
        requireFields(trailers);
        over = true;
    }

    void reset(connectrpc::http::ResetCode /*code*/) override { over = true; }

    size_t unsentBytes() const override { return unsent; }

    bool keep(size_t bytes) override { return bytes <= maxKept; }

    void wake() override { woken = true; }

    void setDeadline(std::chrono::steady_clock::time_point at) override
    {
        deadline = at;
    }

    void pauseReading() override { paused = true; }

    void resumeReading() override { paused = false; }

    bool over = false;
    bool responded = false;
    bool paused = false;
    bool woken = false;
    size_t unsent = 0;
    std::optional<std::chrono::steady_clock::time_point> deadline;

  private:
    static constexpr size_t maxKept = 12 * 1024;

    // RFC 9113 section 8.2.1
    static void requireFields(const connectrpc::Metadata& fields)
    {
        for (const auto& [name, value] : fields) {
            require(!name.empty(), "a field without a name");
            for (unsigned char c : name) {
                require(c > 0x20 && c < 0x7f && c != ':' &&
                          (c < 'A' || c > 'Z'),
                        "a field name that HTTP/2 forbids");
            }
            for (unsigned char c : value) {
                require(c != 0 && c != '\r' && c != '\n',
                        "a field value that HTTP/2 forbids");
            }
        }
    }

    connectrpc::http::Request theRequest;
};

}
