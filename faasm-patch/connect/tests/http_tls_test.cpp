#include "http/http_server.h"
#include "support/certificates.h"
#include "support/http_client.h"
#include "support/recording_handler.h"

#include <catch2/catch.hpp>

#include <chrono>
#include <stdexcept>
#include <thread>

using namespace connectrpc;
using namespace connectrpc::test;
using namespace std::chrono_literals;

namespace {

const Certificates& certificates()
{
    static const Certificates made;
    return made;
}

enum class ClientCertificates
{
    NotAsked,
    Optional,
    Required,
};

ServerOptions tlsOptions(ClientCertificates clients)
{
    ServerOptions options;
    options.tls = TlsOptions{ certificates().file("server.pem"),
                              certificates().file("server.key") };
    if (clients != ClientCertificates::NotAsked) {
        options.tls->clientCaFile = certificates().file("ca.pem");
    }
    options.tls->requireClientCertificate =
      clients == ClientCertificates::Required;
    return options;
}

// Echoes, and tells the client in a header how it was seen.
struct Fixture
{
    explicit Fixture(ServerOptions options)
      : server(options, [this](std::shared_ptr<http::Exchange> exchange) {
          const Peer& peer = exchange->request().peer;
          Metadata headers;
          headers.add("x-tls", peer.tls ? "yes" : "no");
          headers.add("x-subject", peer.certificateSubject);
          exchange->respond(200, std::move(headers), false);
          return echo(exchange, record);
      })
    {
        server.listen();
    }

    Record record;
    http::HttpServer server;
};

}

TEST_CASE("TLS serves small and large bodies", "[http][tls]")
{
    Fixture fixture(tlsOptions(ClientCertificates::NotAsked));
    const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
    const auto context =
      clientContext(certificates(), { .maxVersion = version });
    HttpClient client(fixture.server.port(), { .tls = context.get() });
    for (size_t size : { 10UL, 1'000'000UL }) {
        const std::string body(size, 'b');
        const auto& response = client.finish(client.request("/", body));
        REQUIRE(response.body == body);
        REQUIRE(response.field("x-tls") == "yes");
        REQUIRE(response.field("x-subject").empty());
    }
    std::thread draining([&] { fixture.server.drain(60s); });
    const bool closed = client.runUntil([&] { return client.isClosed(); });
    draining.join();
    REQUIRE(closed);
    REQUIRE(client.goAwayCode == NGHTTP2_NO_ERROR);
}

TEST_CASE("Only ALPN's h2 and TLS 1.2 are served", "[http][tls]")
{
    ServerOptions options = tlsOptions(ClientCertificates::NotAsked);
    options.handshakeTimeout = 200ms;
    Fixture fixture(options);

    SECTION("HTTP/1.1 is refused in the handshake")
    {
        const auto context =
          clientContext(certificates(), { .alpn = "\10http/1.1" });
        REQUIRE_THROWS(
          HttpClient(fixture.server.port(), { .tls = context.get() }));
    }
    SECTION("no ALPN at all is closed")
    {
        const auto context = clientContext(certificates(), { .alpn = "" });
        HttpClient client(fixture.server.port(), { .tls = context.get() });
        REQUIRE(client.runUntil([&] { return client.isClosed(); }));
        REQUIRE(fixture.record.opened == 0);
    }
    SECTION("an old version is refused")
    {
        const auto context =
          clientContext(certificates(), { .maxVersion = TLS1_1_VERSION });
        REQUIRE_THROWS(
          HttpClient(fixture.server.port(), { .tls = context.get() }));
    }
    SECTION("cleartext is closed")
    {
        HttpClient client(fixture.server.port());
        REQUIRE(client.runUntil([&] { return client.isClosed(); }));
    }
    SECTION("a client that starts no handshake is closed")
    {
        HttpClient silent(fixture.server.port(), { .silent = true });
        REQUIRE(silent.runUntil([&] { return silent.isClosed(); }));
    }
}

TEST_CASE("Client certificates are verified", "[http][tls]")
{
    SECTION("optional: without one")
    {
        Fixture fixture(tlsOptions(ClientCertificates::Optional));
        const auto context = clientContext(certificates(), {});
        HttpClient client(fixture.server.port(), { .tls = context.get() });
        REQUIRE(
          client.finish(client.request("/", "")).field("x-subject").empty());
    }
    SECTION("optional or required: the subject is told")
    {
        Fixture fixture(tlsOptions(GENERATE(ClientCertificates::Optional,
                                            ClientCertificates::Required)));
        const auto context =
          clientContext(certificates(), { .withCertificate = true });
        HttpClient client(fixture.server.port(), { .tls = context.get() });
        REQUIRE(client.finish(client.request("/", "")).field("x-subject") ==
                "CN=client,O=Tests\\, Inc");
    }
    SECTION("required: without one there is no connection")
    {
        Fixture fixture(tlsOptions(ClientCertificates::Required));
        const auto context = clientContext(
          certificates(), { .maxVersion = GENERATE(TLS1_2_VERSION, 0) });
        try {
            // TLS 1.3 tells only after the client is done.
            HttpClient client(fixture.server.port(), { .tls = context.get() });
            REQUIRE(client.runUntil([&] { return client.isClosed(); }));
        } catch (const std::runtime_error&) {
        }
        REQUIRE(fixture.record.opened == 0);
    }
}

TEST_CASE("A certificate that can't be read is told by listen", "[http][tls]")
{
    Record record;
    ServerOptions options = tlsOptions(ClientCertificates::NotAsked);
    SECTION("no file")
    {
        options.tls->certificateFile = "/nowhere.pem";
    }
    SECTION("another's key")
    {
        options.tls->keyFile = certificates().file("client.key");
    }
    SECTION("no CA")
    {
        options.tls->clientCaFile = certificates().file("server.key");
    }
    SECTION("no CA for what is required")
    {
        options.tls->requireClientCertificate = true;
    }
    http::HttpServer server(
      options, [&](auto exchange) { return echo(exchange, record); });
    REQUIRE_THROWS_AS(server.listen(), std::runtime_error);
}
