#pragma once

#include <connect/call.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace connectrpc {

// PEM files.
struct TlsOptions
{
    std::string certificateFile;
    std::string keyFile;
    // Verifies client certificates; without it clients are not asked for one.
    std::string clientCaFile = {};
    // Refuses clients without a certificate.
    bool requireClientCertificate = false;
};

// Bounds of everything that a client can make the server keep. Each is enforced
// with an error to that client; the server stays up.
struct ServerOptions
{
    std::string host = "127.0.0.1";
    // 0: any free one, see Server::port.
    uint16_t port = 0;
    unsigned ioThreads = 2;
    std::optional<TlsOptions> tls = {};

    // Further connections are closed on accept.
    size_t maxConnections = 10'000;
    // Further streams are refused with REFUSED_STREAM, which clients may
    // repeat.
    uint32_t maxStreamsPerConnection = 1'000;
    // Names and values of one header block together.
    size_t maxHeaderBytes = 16 * 1024;
    // Largest message, after decompression.
    size_t maxMessageBytes = 4 * 1024 * 1024;
    // Headers, and messages that have not come completely, of all streams of a
    // connection. A call that would exceed it ends with resource_exhausted.
    size_t maxUnfinishedBytesPerConnection = 64 * 1024 * 1024;
    // HTTP/2 windows: how much a client may send before it is read.
    uint32_t streamWindowBytes = 256 * 1024;
    uint32_t connectionWindowBytes = 4 * 1024 * 1024;
    // Queued for a client that does not read. A call above it ends with
    // resource_exhausted.
    size_t maxUnsentBytesPerStream = 16 * 1024 * 1024;
    // A connection above it is closed.
    size_t maxUnsentBytesPerConnection = 64 * 1024 * 1024;
    // Both of these of all connections together. Above it, what a connection
    // with more than its equal share asks for is refused, or reset.
    size_t maxBytes = 512 * 1024 * 1024;

    // TLS handshake and the HTTP/2 preface together.
    std::chrono::milliseconds handshakeTimeout{ 10'000 };
    // A request's headers and, for a unary call, its body; a queued write that
    // makes no progress.
    std::chrono::milliseconds stallTimeout{ 60'000 };
    // A connection without streams is closed after it.
    std::chrono::milliseconds idleTimeout{ 300'000 };
    // A ping is sent on a connection with streams that has been silent for this
    // long, and the connection is closed when it is not answered within as long
    // again.
    std::chrono::milliseconds keepAliveInterval{ 30'000 };
};

// An HTTP/2 server for the Connect and gRPC protocols, cleartext with prior
// knowledge or TLS with ALPN. https://connectrpc.com/docs/protocol
//
// Methods are added before listen. Thread-safe from then on.
class Server
{
  public:
    explicit Server(ServerOptions options);

    // As stop().
    ~Server();

    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    void addMethod(Method method, HandlerFactory factory);

    // Binds, then serves on threads of its own. Throws std::system_error when
    // the address can't be bound, std::runtime_error when a certificate can't
    // be read.
    void listen();

    uint16_t port() const;

    // Accepts no more connections and no more streams (GOAWAY), waits up to
    // `grace` for those that are open, then stops.
    void drain(std::chrono::milliseconds grace);

    // Closes everything; every open call hears onClosed(unavailable) before
    // this returns. Must not be called from a handler.
    void stop();

  private:
    class Impl;
    std::unique_ptr<Impl> impl;
};

}
