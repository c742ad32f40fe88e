#include "support/http_client.h"

#include <connect/server.h>

#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

using namespace connectrpc;
using namespace connectrpc::test;
using namespace std::chrono_literals;

namespace {

// What the handlers of a server heard. Thread-safe.
struct Heard
{
    std::mutex mutex;
    std::vector<std::optional<Code>> closed;
    std::atomic<int> opened{ 0 };
};

class Echo : public CallHandler
{
  public:
    Echo(std::shared_ptr<Call> call, Heard& heard)
      : call(std::move(call))
      , heard(heard)
    {
        heard.opened++;
    }

    void onMessage(std::string message) override
    {
        call->send(std::move(message));
    }

    void onEnd() override { call->finish(); }

    void onClosed(std::optional<Error> reason) override
    {
        call.reset();
        const std::lock_guard lock(heard.mutex);
        heard.closed.push_back(reason ? std::optional(reason->code)
                                      : std::nullopt);
    }

  private:
    std::shared_ptr<Call> call;
    Heard& heard;
};

struct Fixture
{
    explicit Fixture(ServerOptions options = {})
      : server(std::move(options))
    {
        for (const auto& [path, kind] :
             { std::pair{ "/s/unary", StreamKind::Unary },
               std::pair{ "/s/bidi", StreamKind::BidiStream } }) {
            server.addMethod(
              { path, kind }, [this](std::shared_ptr<Call> call) {
                  return std::make_shared<Echo>(std::move(call), heard);
              });
        }
        server.listen();
    }

    Heard heard;
    Server server;
};

const Fields proto{ { "content-type", "application/proto" } };
const Fields stream{ { "content-type", "application/connect+proto" } };

std::string envelope(const std::string& message)
{
    return std::string(4, '\0') + static_cast<char>(message.size()) + message;
}

}

TEST_CASE("The server answers unary calls and streams", "[server]")
{
    Fixture fixture;
    HttpClient client(fixture.server.port());
    const auto& unary =
      client.finish(client.request("/s/unary", "hello", true, proto));
    REQUIRE(unary.field(":status") == "200");
    REQUIRE(unary.body == "hello");
    const auto id = client.request("/s/bidi", envelope("a"), false, stream);
    REQUIRE(
      client.runUntil([&] { return client.at(id).body == envelope("a"); }));
    client.send(id, envelope("b"), true);
    REQUIRE(client.finish(id).body.substr(0, 12) ==
            envelope("a") + envelope("b"));
    REQUIRE(client.at(id).ended);
}

TEST_CASE("A unary request that does not come is ended, a stream is not",
          "[server]")
{
    ServerOptions options;
    options.stallTimeout = 100ms;
    Fixture fixture(options);
    HttpClient client(fixture.server.port());
    const auto bidi = client.request("/s/bidi", "", false, stream);
    const auto unary = client.request("/s/unary", "hal", false, proto);
    REQUIRE(client.finish(unary).body.find("deadline_exceeded") !=
            std::string::npos);
    client.runUntil([] { return false; }, 200ms);
    client.send(bidi, envelope("late"), false);
    REQUIRE(client.runUntil(
      [&] { return client.at(bidi).body == envelope("late"); }));
}

TEST_CASE("A connection keeps no more of unfinished requests than is allowed",
          "[server]")
{
    ServerOptions options;
    options.maxUnfinishedBytesPerConnection = 150'000;
    Fixture fixture(options);
    HttpClient client(fixture.server.port());
    const std::string part(100'000, 'x');
    const auto first = client.request("/s/unary", part, false, proto);
    const auto second = client.request("/s/unary", part, false, proto);
    REQUIRE(client.runUntil(
      [&] { return client.at(first).ended || client.at(second).ended; }));
    const auto [refused, other] = client.at(first).ended
                                    ? std::pair{ first, second }
                                    : std::pair{ second, first };
    REQUIRE(client.at(refused).field(":status") == "429");
    REQUIRE(client.at(refused).body.find("resource_exhausted") !=
            std::string::npos);
    client.send(other, "y", true);
    REQUIRE(client.finish(other).body == part + "y");

    // What an ended call kept is free again.
    const auto third = client.request("/s/unary", part, false, proto);
    client.send(third, "z", true);
    REQUIRE(client.finish(third).body == part + "z");
}

TEST_CASE("Each call of a stopped server hears unavailable, once", "[server]")
{
    Fixture fixture;
    HttpClient client(fixture.server.port());
    for (int i = 0; i < 10; i++) {
        client.request("/s/bidi", "", false, stream);
    }
    REQUIRE(client.runUntil([&] { return fixture.heard.opened == 10; }));
    fixture.server.stop();
    REQUIRE(fixture.heard.closed.size() == 10);
    for (const auto& code : fixture.heard.closed) {
        REQUIRE(code == Code::Unavailable);
    }
}
