#pragma once

#include "http/exchange.h"

#include <connect/call.h>
#include <connect/error.h>
#include <connect/metadata.h>

#include <memory>
#include <optional>
#include <string>

namespace connectrpc::protocol {

// How a protocol writes its answers to an exchange. Not thread-safe: a call's
// lock guards it.
class Responder
{
  public:
    virtual ~Responder() = default;

    // Once at most, and before any message.
    virtual void sendHeaders(const Metadata& headers) = 0;

    // After the headers; false when the exchange is over.
    virtual bool send(std::string message) = 0;

    // Ends the response; `headers` are those of sendHeaders, if that has not
    // been called.
    virtual void finish(const std::optional<Error>& error,
                        const Metadata& headers,
                        const Metadata& trailers) = 0;
};

// `gzip`: the client takes compressed answers.
std::unique_ptr<Responder> makeConnectUnaryResponder(
  std::shared_ptr<http::Exchange> exchange,
  Codec codec,
  bool gzip,
  bool get);

std::unique_ptr<Responder> makeConnectStreamResponder(
  std::shared_ptr<http::Exchange> exchange,
  Codec codec,
  bool gzip);

// `contentType` is the request's.
std::unique_ptr<Responder> makeGrpcResponder(
  std::shared_ptr<http::Exchange> exchange,
  std::string contentType,
  bool gzip);

}
