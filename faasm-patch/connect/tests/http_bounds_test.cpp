#include "http/http_server.h"
#include "support/http_client.h"
#include "support/recording_handler.h"

#include <catch2/catch.hpp>

#include <chrono>
#include <string>
#include <thread>

using namespace connectrpc;
using namespace connectrpc::test;
using namespace std::chrono_literals;
using Closed = http::ExchangeHandler::Closed;

namespace {

// A server whose handlers do nothing unless the test makes them.
struct Fixture
{
    explicit Fixture(ServerOptions options)
      : server(options, [this](std::shared_ptr<http::Exchange> exchange) {
          auto handler = std::make_shared<TestHandler>(exchange, record);
          record.keep(std::move(exchange));
          return handler;
      })
    {
        server.listen();
    }

    Record record;
    http::HttpServer server;
};

std::string frame(uint8_t type,
                  uint8_t flags,
                  uint32_t stream,
                  const std::string& payload)
{
    std::string bytes;
    bytes += static_cast<char>(payload.size() >> 16);
    bytes += static_cast<char>(payload.size() >> 8);
    bytes += static_cast<char>(payload.size());
    bytes += static_cast<char>(type);
    bytes += static_cast<char>(flags);
    for (int shift = 24; shift >= 0; shift -= 8) {
        bytes += static_cast<char>(stream >> shift);
    }
    return bytes + payload;
}

bool closes(HttpClient& client, std::chrono::milliseconds within = 60s)
{
    return client.runUntil([&] { return client.isClosed(); }, within);
}

}

TEST_CASE("Streams above the bound are refused", "[http][bounds]")
{
    ServerOptions options;
    options.maxStreamsPerConnection = 2;
    Fixture fixture(options);
    HttpClient client(fixture.server.port());
    // Before the client knows the bound.
    const auto first = client.request("/", "");
    const auto second = client.request("/", "");
    const auto third = client.request("/", "");
    REQUIRE(client.finish(third).closedWith == NGHTTP2_REFUSED_STREAM);
    REQUIRE(client.serverSetting(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS) == 2);
    fixture.record.exchange(0)->respond(200, {}, true);
    fixture.record.exchange(1)->respond(200, {}, true);
    REQUIRE(client.finish(first).field(":status") == "200");
    REQUIRE(client.finish(second).field(":status") == "200");
    client.request("/", "");
    fixture.record.exchange(2);
    REQUIRE(fixture.record.opened == 3);
}

TEST_CASE("Connections above the bound are closed", "[http][bounds]")
{
    ServerOptions options;
    options.maxConnections = 1;
    Fixture fixture(options);
    auto first = std::make_unique<HttpClient>(fixture.server.port());
    first->ping();
    REQUIRE(first->runUntil([&] { return first->pongs == 1; }));
    HttpClient second(fixture.server.port());
    REQUIRE(closes(second));
    first.reset();
    for (int attempt = 0; attempt < 100; attempt++) {
        HttpClient third(fixture.server.port());
        third.ping();
        if (third.runUntil([&] { return third.pongs == 1; }, 1s)) {
            return;
        }
        std::this_thread::sleep_for(10ms);
    }
    FAIL("the place is not free again");
}

TEST_CASE("Headers above the bound are answered with 431", "[http][bounds]")
{
    ServerOptions options;
    options.maxHeaderBytes = 1000;
    Fixture fixture(options);
    HttpClient client(fixture.server.port());
    const auto tooLarge =
      client.request("/", "body", false, { { "x", std::string(2000, 'x') } });
    REQUIRE(client.finish(tooLarge).field(":status") == "431");
    REQUIRE(fixture.record.opened == 0);
    client.request("/", "", true, { { "x", std::string(500, 'x') } });
    fixture.record.exchange(0);
}

TEST_CASE("Unsent bytes of a stream are bounded", "[http][bounds]")
{
    ServerOptions options;
    options.maxUnsentBytesPerStream = 1'000'000;
    Fixture fixture(options);
    HttpClient client(fixture.server.port(), { .reads = false });
    const auto stream = client.request("/", "");
    const auto exchange = fixture.record.exchange(0);
    exchange->respond(200, {}, false);
    int writes = 0;
    while (exchange->write(std::string(100'000, 'x'))) {
        REQUIRE(++writes < 20);
    }
    REQUIRE(writes >= 10);
    REQUIRE(client.finish(stream).closedWith == NGHTTP2_ENHANCE_YOUR_CALM);
    REQUIRE(fixture.record.waitForClosed(1));
    REQUIRE(fixture.record.closed().front() == Closed::ResetByServer);
}

TEST_CASE("A writer is told when there is room again", "[http][bounds]")
{
    ServerOptions options;
    options.maxUnsentBytesPerStream = 1'000'000;
    Fixture fixture(options);
    HttpClient client(fixture.server.port(), { .reads = false });
    const auto stream = client.request("/", "");
    const auto exchange = fixture.record.exchange(0);
    exchange->respond(200, {}, false);
    REQUIRE(exchange->write(std::string(900'000, 'x')));
    REQUIRE(
      client.runUntil([&] { return client.at(stream).body.size() == 65'535; }));
    REQUIRE(exchange->unsentBytes() == 900'000 - 65'535);
    REQUIRE(fixture.record.writable == 0);
    size_t consumed = 0;
    REQUIRE(client.runUntil([&] {
        const size_t there = client.at(stream).body.size();
        client.consume(stream, there - consumed);
        consumed = there;
        return there == 900'000;
    }));
    REQUIRE(exchange->unsentBytes() == 0);
    REQUIRE(fixture.record.writable == 1);
}

TEST_CASE("A connection with too much unsent is closed", "[http][bounds]")
{
    ServerOptions options;
    options.maxUnsentBytesPerConnection = 1'000'000;
    Fixture fixture(options);
    HttpClient client(fixture.server.port(), { .reads = false });
    client.request("/", "");
    client.request("/", "");
    for (size_t i = 0; i < 2; i++) {
        const auto exchange = fixture.record.exchange(i);
        exchange->respond(200, {}, false);
        exchange->write(std::string(700'000, 'x'));
    }
    REQUIRE(fixture.record.waitForClosed(2));
    REQUIRE(fixture.record.closed() ==
            std::vector{ Closed::ConnectionLost, Closed::ConnectionLost });
    REQUIRE(closes(client));
}

TEST_CASE("Unsent bytes of all connections are bounded, and fairly",
          "[http][bounds]")
{
    ServerOptions options;
    options.maxBytes = 1'000'000;
    Fixture fixture(options);
    HttpClient greedy(fixture.server.port(), { .reads = false });
    HttpClient modest(fixture.server.port(), { .reads = false });
    greedy.request("/", "");
    const auto large = fixture.record.exchange(0);
    large->respond(200, {}, false);
    REQUIRE(large->write(std::string(1'500'000, 'x')));
    // It is too much now: who has more than half of it gets no more.
    const auto little = modest.request("/", "");
    const auto small = fixture.record.exchange(1);
    small->respond(200, {}, false);
    REQUIRE(small->write(std::string(10'000, 'x')));
    small->end({});
    REQUIRE(modest.finish(little).body.size() == 10'000);
    REQUIRE_FALSE(large->write("y"));
    REQUIRE(fixture.record.waitForClosed(2));
    REQUIRE(fixture.record.closed().back() == Closed::ResetByServer);
    // It is free again.
    greedy.request("/", "");
    const auto next = fixture.record.exchange(2);
    next->respond(200, {}, false);
    REQUIRE(next->write(std::string(600'000, 'x')));
}

TEST_CASE("Headers of all connections are bounded", "[http][bounds]")
{
    ServerOptions options;
    options.maxBytes = 100'000;
    Fixture fixture(options);
    HttpClient client(fixture.server.port());
    const std::string value(10'000, 'x');
    for (int i = 0; i < 20; i++) {
        const auto stream = client.request("/", "", false, { { "x", value } });
        client.runUntil([&] {
            return client.at(stream).closedWith ||
                   fixture.record.opened == i + 1;
        });
        if (client.at(stream).closedWith) {
            REQUIRE(client.at(stream).closedWith == NGHTTP2_REFUSED_STREAM);
            REQUIRE(fixture.record.opened >= 8);
            return;
        }
    }
    FAIL("none was refused");
}

TEST_CASE("What waits for a handler that pauses is bounded", "[http][bounds]")
{
    ServerOptions options;
    options.maxUnfinishedBytesPerConnection = 100'000;
    Fixture fixture(options);
    HttpClient client(fixture.server.port());
    const auto first = client.request("/", "", false);
    const auto exchange = fixture.record.exchange(0);
    exchange->pauseReading();
    client.send(first, std::string(60'000, 'x'), false);
    client.ping();
    REQUIRE(client.runUntil([&] { return client.pongs == 1; }));
    REQUIRE_FALSE(client.at(first).closedWith);
    client.send(first, std::string(60'000, 'x'), false);
    REQUIRE(client.finish(first).closedWith == NGHTTP2_ENHANCE_YOUR_CALM);
}

TEST_CASE("Who does not speak is closed", "[http][bounds]")
{
    ServerOptions options;
    // Long for who does speak, on a machine that has other things to do.
    options.handshakeTimeout = 1s;
    options.idleTimeout = 1s;
    options.keepAliveInterval = 1s;
    options.stallTimeout = 1s;
    Fixture fixture(options);
    HttpClient client(fixture.server.port());

    SECTION("a connection without streams")
    {
        REQUIRE(closes(client));
        REQUIRE(client.goAwayCode == NGHTTP2_NO_ERROR);
    }
    SECTION("one with a stream that answers pings goes on")
    {
        client.request("/", "", false);
        REQUIRE_FALSE(closes(client, 3s));
        REQUIRE(fixture.record.closed().empty());
    }
    SECTION("one with a stream that does not")
    {
        client.request("/", "", false);
        REQUIRE(fixture.record.waitForClosed(1));
        REQUIRE(fixture.record.closed().front() == Closed::ConnectionLost);
    }
    SECTION("half a header block")
    {
        client.runUntil([] { return false; }, 20ms);
        client.sendRaw(frame(NGHTTP2_HEADERS, 0, 1, "\x82"));
        REQUIRE(closes(client));
        REQUIRE(fixture.record.opened == 0);
    }
    SECTION("a client that does not read a body")
    {
        HttpClient lazy(fixture.server.port(), { .reads = false });
        const auto stream = lazy.request("/", "");
        const auto exchange = fixture.record.exchange(0);
        exchange->respond(200, {}, false);
        exchange->write(std::string(100'000, 'x'));
        REQUIRE(lazy.finish(stream).closedWith == NGHTTP2_CANCEL);
    }
}

TEST_CASE("Abuse ends in a GOAWAY", "[http][abuse]")
{
    Fixture fixture({});
    HttpClient client(fixture.server.port());
    HttpClient neighbour(fixture.server.port());

    SECTION("rapid reset")
    {
        for (int i = 0; i < 5'000 && !client.isClosed(); i++) {
            client.reset(client.request("/", "", false));
        }
    }
    SECTION("streams that have to be reset")
    {
        for (int i = 0; i < 5'000 && !client.isClosed(); i++) {
            const auto stream = client.request("/", "", false);
            client.sendRaw(frame(NGHTTP2_WINDOW_UPDATE,
                                 0,
                                 static_cast<uint32_t>(stream),
                                 std::string(4, '\0')));
        }
    }
    SECTION("pings")
    {
        for (int i = 0; i < 100'000 && !client.isClosed(); i++) {
            client.sendRaw(frame(NGHTTP2_PING, 0, 0, std::string(8, 'p')));
        }
    }
    SECTION("empty data")
    {
        const auto stream = client.request("/", "", false);
        for (int i = 0; i < 100'000 && !client.isClosed(); i++) {
            client.sendRaw(
              frame(NGHTTP2_DATA, 0, static_cast<uint32_t>(stream), ""));
        }
    }
    SECTION("priorities")
    {
        for (int i = 0; i < 100'000 && !client.isClosed(); i++) {
            client.sendRaw(frame(NGHTTP2_PRIORITY,
                                 0,
                                 static_cast<uint32_t>(2 * i + 1),
                                 std::string("\0\0\0\0\x10", 5)));
        }
    }
    SECTION("continuations")
    {
        client.sendRaw(frame(NGHTTP2_HEADERS, 0, 1, "\x82"));
        for (int i = 0; i < 1'000 && !client.isClosed(); i++) {
            client.sendRaw(frame(NGHTTP2_CONTINUATION, 0, 1, "\x82"));
        }
    }
    // The kernel may lose the GOAWAY to what the client still sends.
    REQUIRE(closes(client));
    neighbour.ping();
    REQUIRE(neighbour.runUntil([&] { return neighbour.pongs == 1; }));
}
