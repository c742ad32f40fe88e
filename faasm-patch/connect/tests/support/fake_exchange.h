#pragma once

#include "http/exchange.h"

#include <memory>
#include <optional>
#include <string>

namespace connectrpc::tests {

// Keeps what a protocol answers. Used on one thread.
class FakeExchange : public http::Exchange
{
  public:
    FakeExchange(std::string method, std::string target, Metadata headers)
    {
        theRequest.method = std::move(method);
        theRequest.target = std::move(target);
        theRequest.headers = std::move(headers);
    }

    const http::Request& request() const override { return theRequest; }

    void respond(int itsStatus, Metadata itsHeaders, bool end) override
    {
        status = itsStatus;
        headers = std::move(itsHeaders);
        ended = end;
    }

    bool write(std::string bytes) override
    {
        body += bytes;
        return !ended;
    }

    void end(Metadata itsTrailers) override
    {
        trailers = std::move(itsTrailers);
        ended = true;
    }

    void reset(http::ResetCode code) override { resetWith = code; }
    size_t unsentBytes() const override { return 0; }
    bool keep(size_t bytes) override
    {
        kept = bytes;
        return bytes <= mayKeep;
    }
    void wake() override { wakes++; }
    void setDeadline(std::chrono::steady_clock::time_point at) override
    {
        deadline = at;
    }
    void pauseReading() override { paused = true; }
    void resumeReading() override { paused = false; }

    http::Request theRequest;
    int status = 0;
    Metadata headers;
    std::string body;
    Metadata trailers;
    bool ended = false;
    bool paused = false;
    int wakes = 0;
    size_t kept = 0;
    size_t mayKeep = 1'000'000;
    std::optional<http::ResetCode> resetWith;
    std::optional<std::chrono::steady_clock::time_point> deadline;
};

inline Metadata makeMetadata(std::initializer_list<Metadata::Entry> entries)
{
    Metadata metadata;
    for (const auto& [name, value] : entries) {
        metadata.add(name, value);
    }
    return metadata;
}

}
