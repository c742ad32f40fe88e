#pragma once

#include <connect/server.h>

#include <boost/asio/ssl/context.hpp>

#include <string>

namespace connectrpc::http {

// TLS 1.2 or newer, for HTTP/2 only. Throws std::runtime_error when a file
// can't be used.
boost::asio::ssl::context makeTlsContext(const TlsOptions& options);

// ALPN has agreed on it.
bool speaksHttp2(const SSL* ssl);

// RFC 2253; empty when the peer gave no certificate.
std::string subjectOfPeer(const SSL* ssl);

}
