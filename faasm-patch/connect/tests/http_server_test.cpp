#include "http/http_server.h"
#include "support/http_client.h"
#include "support/recording_handler.h"

#include <catch2/catch.hpp>

#include <sys/socket.h>

#include <chrono>
#include <system_error>
#include <thread>

using namespace connectrpc;
using namespace connectrpc::test;
using namespace std::chrono_literals;
using Closed = http::ExchangeHandler::Closed;

namespace {

http::ExchangeHandlerFactory echoFactory(Record& record)
{
    return [&record](std::shared_ptr<http::Exchange> exchange) {
        return echo(exchange, record);
    };
}

// Answers nothing by itself.
http::ExchangeHandlerFactory silentFactory(Record& record)
{
    return [&record](std::shared_ptr<http::Exchange> exchange) {
        auto handler = std::make_shared<TestHandler>(exchange, record);
        record.keep(std::move(exchange));
        return handler;
    };
}

std::string pattern(size_t size)
{
    std::string bytes(size, '\0');
    for (size_t i = 0; i < size; i++) {
        bytes[i] = static_cast<char>((i * 2654435761U) >> 24);
    }
    return bytes;
}

}

TEST_CASE("A request is answered", "[http]")
{
    Record record;
    http::HttpServer server({}, echoFactory(record));
    server.listen();
    HttpClient client(server.port());
    const auto& response = client.finish(client.request("/a?b=c", "hello"));
    REQUIRE(response.field(":status") == "200");
    REQUIRE(response.body == "hello");
    REQUIRE(response.field("x-end") == "/a?b=c");
    REQUIRE(response.closedWith == NGHTTP2_NO_ERROR);
    REQUIRE(record.waitForClosed(1));
    REQUIRE(record.closed().front() == Closed::Complete);
}

TEST_CASE("A request tells method, target, host, headers and peer", "[http]")
{
    Record record;
    http::HttpServer server({}, silentFactory(record));
    server.listen();
    HttpClient client(server.port());
    client.request("/x", "", true, { { "x-a", "1" }, { "x-a", "2" } });
    const auto exchange = record.exchange(0);
    const http::Request& request = exchange->request();
    REQUIRE(request.method == "POST");
    REQUIRE(request.target == "/x");
    REQUIRE(request.headers.get("host") == "localhost");
    REQUIRE(request.headers.getAll("x-a").size() == 2);
    REQUIRE(request.headers.size() == 3);
    REQUIRE(request.peer.address.substr(0, 10) == "127.0.0.1:");
    REQUIRE_FALSE(request.peer.tls);
}

TEST_CASE("Large bodies pass small windows both ways", "[http]")
{
    Record record;
    ServerOptions options;
    options.streamWindowBytes = 1000;
    options.connectionWindowBytes = 70'000;
    http::HttpServer server(options, echoFactory(record));
    server.listen();
    HttpClient client(server.port(), { .streamWindow = 777 });
    const std::string body = pattern(300'000);
    const auto first = client.request("/1", body);
    const auto second = client.request("/2", body);
    REQUIRE(client.finish(first).body == body);
    REQUIRE(client.finish(second).body == body);
}

TEST_CASE("A big response is gathered into large writes", "[http]")
{
    Record record;
    http::HttpServer server({}, silentFactory(record));
    server.listen();
    HttpClient client(server.port(), { .streamWindow = 8 << 20 });
    const auto stream = client.request("/", "");
    const auto exchange = record.exchange(0);
    const std::string body = pattern(8'000'000);
    exchange->respond(200, {}, false);
    for (size_t at = 0; at < body.size(); at += 100'000) {
        REQUIRE(exchange->write(body.substr(at, 100'000)));
    }
    exchange->end({});
    REQUIRE(client.finish(stream).body == body);
    REQUIRE(exchange->unsentBytes() == 0);
}

TEST_CASE("A stream that pauses is held back and its neighbour is not",
          "[http]")
{
    Record paused;
    Record echoed;
    ServerOptions options;
    options.streamWindowBytes = 10'000;
    options.connectionWindowBytes = 70'000;
    http::HttpServer server(options,
                            [&](std::shared_ptr<http::Exchange> exchange)
                              -> std::shared_ptr<http::ExchangeHandler> {
                                if (exchange->request().target == "/echo") {
                                    return echo(exchange, echoed);
                                }
                                exchange->pauseReading();
                                auto handler = std::make_shared<TestHandler>(
                                  exchange, paused);
                                handler->ended = [](http::Exchange& it) {
                                    it.respond(200, {}, true);
                                };
                                paused.keep(std::move(exchange));
                                return handler;
                            });
    server.listen();
    HttpClient client(server.port());
    const auto stream = client.request("/paused", pattern(100'000));
    const auto exchange = paused.exchange(0);
    // More than the connection's window, several times.
    for (int i = 0; i < 5; i++) {
        const std::string body = pattern(50'000);
        REQUIRE(client.finish(client.request("/echo", body)).body == body);
    }
    REQUIRE(paused.bytes == 0);
    // The default window is replaced when SETTINGS arrive.
    REQUIRE(client.unsent(stream) >= 100'000 - 65'535);
    exchange->resumeReading();
    REQUIRE(client.finish(stream).field(":status") == "200");
    REQUIRE(paused.bytes == 100'000);
}

TEST_CASE("Many streams at once", "[http]")
{
    Record record;
    http::HttpServer server({}, echoFactory(record));
    server.listen();
    HttpClient client(server.port());
    REQUIRE(client.runUntil([&] {
        return client.serverSetting(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS) ==
               1000;
    }));
    std::vector<int32_t> streams;
    for (int i = 0; i < 500; i++) {
        streams.push_back(
          client.request("/" + std::to_string(i), std::to_string(i) + " body"));
    }
    for (size_t i = 0; i < streams.size(); i++) {
        REQUIRE(client.finish(streams[i]).body == std::to_string(i) + " body");
    }
    REQUIRE(record.waitForClosed(500));
}

TEST_CASE("Threads answer, and wakes are coalesced", "[http]")
{
    Record record;
    std::atomic<int> wakes{ 0 };
    http::HttpServer server({}, [&](std::shared_ptr<http::Exchange> exchange) {
        auto handler = std::make_shared<TestHandler>(exchange, record);
        handler->woken = [&](http::Exchange&) { wakes++; };
        record.keep(std::move(exchange));
        return handler;
    });
    server.listen();
    HttpClient client(server.port(), { .streamWindow = 1 << 20 });
    const auto stream = client.request("/", "");
    const auto exchange = record.exchange(0);
    exchange->respond(200, {}, false);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++) {
        threads.emplace_back([&] {
            for (int n = 0; n < 1000; n++) {
                exchange->write("0123456789");
                exchange->wake();
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    exchange->end({});
    REQUIRE(client.finish(stream).body.size() == 40'000);
    REQUIRE(wakes >= 1);
    REQUIRE(wakes <= 4000);
    // It is over: nothing happens.
    REQUIRE(record.waitForClosed(1));
    REQUIRE_FALSE(exchange->write("more"));
    exchange->wake();
    exchange->reset(http::ResetCode::Cancel);
    exchange->resumeReading();
    exchange->setDeadline({});
}

TEST_CASE("A response that ends before its request resets it without error",
          "[http]")
{
    Record record;
    http::HttpServer server({}, silentFactory(record));
    server.listen();
    HttpClient client(server.port());
    const auto stream = client.request("/", "some", false);
    const auto exchange = record.exchange(0);
    exchange->respond(404, {}, true);
    const auto& response = client.finish(stream);
    REQUIRE(response.field(":status") == "404");
    REQUIRE(response.ended);
    REQUIRE(response.closedWith == NGHTTP2_NO_ERROR);
    REQUIRE(record.waitForClosed(1));
    REQUIRE(record.closed().front() == Closed::Complete);
}

TEST_CASE("How a stream ends is told", "[http]")
{
    Record record;
    auto server = std::make_unique<http::HttpServer>(ServerOptions{},
                                                     silentFactory(record));
    server->listen();
    auto client = std::make_unique<HttpClient>(server->port());
    const auto stream = client->request("/", "", false);
    const auto exchange = record.exchange(0);

    SECTION("by the client's reset")
    {
        client->reset(stream);
        REQUIRE(record.waitForClosed(1));
        REQUIRE(record.closed().front() == Closed::ResetByClient);
        REQUIRE_FALSE(exchange->write("x"));
    }
    SECTION("by the server's reset")
    {
        exchange->reset(http::ResetCode::InternalError);
        REQUIRE(client->finish(stream).closedWith == NGHTTP2_INTERNAL_ERROR);
        REQUIRE(record.waitForClosed(1));
        REQUIRE(record.closed().front() == Closed::ResetByServer);
    }
    SECTION("by a lost connection")
    {
        client.reset();
        REQUIRE(record.waitForClosed(1));
        REQUIRE(record.closed().front() == Closed::ConnectionLost);
    }
    SECTION("by a client that breaks HTTP/2")
    {
        client->sendRaw(std::string("\0\0\3\6\0\0\0\0\0abc", 12));
        REQUIRE(record.waitForClosed(1));
        REQUIRE(record.closed().front() == Closed::ConnectionLost);
        REQUIRE(client->runUntil([&] { return client->isClosed(); }));
        REQUIRE(client->goAwayCode == NGHTTP2_FRAME_SIZE_ERROR);
    }
    SECTION("by stop")
    {
        server->stop();
        REQUIRE(record.closed() == std::vector{ Closed::Stopped });
        REQUIRE_FALSE(exchange->write("x"));
        REQUIRE(client->runUntil([&] { return client->isClosed(); }));
    }
    SECTION("by the end of the server")
    {
        server.reset();
        REQUIRE(record.closed() == std::vector{ Closed::Stopped });
        exchange->reset(http::ResetCode::Cancel);
    }
}

TEST_CASE("A deadline is told in time, and not after the end", "[http]")
{
    Record record;
    std::atomic<int> deadlines{ 0 };
    http::HttpServer server({}, [&](std::shared_ptr<http::Exchange> exchange) {
        auto handler = std::make_shared<TestHandler>(exchange, record);
        handler->deadline = [&](http::Exchange& it) {
            deadlines++;
            it.respond(504, {}, true);
        };
        record.keep(std::move(exchange));
        return handler;
    });
    server.listen();
    HttpClient client(server.port());
    const auto begin = std::chrono::steady_clock::now();
    const auto late = client.request("/late", "");
    const auto quick = client.request("/quick", "");
    record.exchange(0)->setDeadline(begin + 1h);
    record.exchange(0)->setDeadline(begin + 1100ms);
    // Long enough to be answered before it.
    record.exchange(1)->setDeadline(begin + 1s);
    record.exchange(1)->respond(200, {}, true);
    REQUIRE(client.finish(quick).field(":status") == "200");
    REQUIRE(client.finish(late).field(":status") == "504");
    REQUIRE(std::chrono::steady_clock::now() >= begin + 1100ms);
    REQUIRE(deadlines == 1);
}

TEST_CASE("Drain lets open streams end and refuses new ones", "[http]")
{
    Record record;
    http::HttpServer server({}, silentFactory(record));
    server.listen();
    HttpClient client(server.port());
    HttpClient idle(server.port());
    const auto stream = client.request("/", "");
    const auto exchange = record.exchange(0);
    std::thread draining([&] { server.drain(60s); });
    REQUIRE(client.runUntil([&] { return client.goAways == 2; }));
    REQUIRE(client.goAwayCode == NGHTTP2_NO_ERROR);
    REQUIRE(idle.runUntil([&] { return idle.isClosed(); }));
    REQUIRE_THROWS(HttpClient(server.port()));
    exchange->respond(200, {}, false);
    exchange->write("late");
    exchange->end({});
    REQUIRE(client.finish(stream).body == "late");
    REQUIRE(record.waitForClosed(1));
    REQUIRE(record.closed().front() == Closed::Complete);
    REQUIRE(client.runUntil([&] { return client.isClosed(); }));
    draining.join();
}

TEST_CASE("Drain ends what is open after its grace", "[http]")
{
    Record record;
    http::HttpServer server({}, silentFactory(record));
    server.listen();
    HttpClient client(server.port());
    client.request("/", "");
    record.exchange(0);
    server.drain(100ms);
    REQUIRE(record.closed() == std::vector{ Closed::Stopped });
    server.drain(100ms);
    server.stop();
}

TEST_CASE("Stop under load tells every stream once", "[http]")
{
    Record record;
    auto server =
      std::make_unique<http::HttpServer>(ServerOptions{}, echoFactory(record));
    server->listen();
    const uint16_t port = server->port();
    std::vector<std::thread> clients;
    for (int i = 0; i < 4; i++) {
        clients.emplace_back([port] {
            try {
                HttpClient client(port);
                while (!client.isClosed() && !client.goAwayCode) {
                    client.finish(client.request("/", "body"));
                }
            } catch (const std::exception&) {
            }
        });
    }
    REQUIRE(record.waitForClosed(100));
    server->stop();
    for (auto& client : clients) {
        client.join();
    }
    REQUIRE(record.closed().size() == size_t(record.opened));
}

TEST_CASE("An address that is taken or unknown can't be listened on", "[http]")
{
    Record record;
    http::HttpServer first({}, echoFactory(record));
    first.listen();
    ServerOptions options;
    options.port = first.port();
    http::HttpServer second(options, echoFactory(record));
    REQUIRE_THROWS_AS(second.listen(), std::system_error);
    options.host = "192.0.2.1";
    http::HttpServer third(options, echoFactory(record));
    REQUIRE_THROWS_AS(third.listen(), std::system_error);
}
