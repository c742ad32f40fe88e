#include "protocol/responder.h"

#include "protocol/envelope.h"
#include "protocol/error_text.h"
#include "protocol/gzip.h"
#include "protocol/text.h"

#include <algorithm>

namespace connectrpc::protocol {

namespace {

// Smaller messages are not worth the time.
constexpr size_t compressFromBytes = 1024;

// Of gRPC's trailers: clients refuse larger ones together with the status.
constexpr size_t maxTrailerBytes = 4096;

// Fields that HTTP/2 forbids, and those that are the protocol's own, are left
// out: the service must not be able to break the response.
bool isAllowed(std::string_view name, std::string_view value)
{
    const auto isName = [](unsigned char c) {
        return c > 0x20 && c < 0x7f && c != ':' && (c < 'A' || c > 'Z');
    };
    const auto isValue = [](unsigned char c) {
        return (c >= 0x20 && c != 0x7f) || c == '\t';
    };
    return !name.empty() && std::all_of(name.begin(), name.end(), isName) &&
           std::all_of(value.begin(), value.end(), isValue) &&
           name != "content-type" && name != "content-length" &&
           name != "content-encoding" && name != "connection" &&
           name != "transfer-encoding" && !name.starts_with("grpc-") &&
           !name.starts_with("connect-");
}

void addAllowed(Metadata& to, const Metadata& from, std::string_view prefix)
{
    for (const auto& [name, value] : from) {
        if (isAllowed(name, value)) {
            to.add(std::string(prefix) + name, value);
        }
    }
}

std::string codecName(Codec codec)
{
    return codec == Codec::Proto ? "proto" : "json";
}

class ConnectUnaryResponder : public Responder
{
  public:
    ConnectUnaryResponder(std::shared_ptr<http::Exchange> exchange,
                          Codec codec,
                          bool gzip,
                          bool get)
      : exchange(std::move(exchange))
      , codec(codec)
      , gzip(gzip)
      , get(get)
    {}

    // There is nothing to send before it is known how the call ends.
    void sendHeaders(const Metadata& headers) override { early = headers; }

    bool send(std::string message) override
    {
        body = std::move(message);
        return true;
    }

    void finish(const std::optional<Error>& error,
                const Metadata& headers,
                const Metadata& trailers) override
    {
        Metadata fields;
        if (error) {
            body = errorJson(*error);
        }
        fields.add("content-type",
                   "application/" + (error ? "json" : codecName(codec)));
        fields.add("accept-encoding", "gzip");
        if (get) {
            fields.add("vary", "accept-encoding");
        }
        if (gzip && body.size() >= compressFromBytes) {
            fields.add("content-encoding", "gzip");
            body = protocol::gzip(body);
        }
        fields.add("content-length", std::to_string(body.size()));
        addAllowed(fields, early, "");
        addAllowed(fields, headers, "");
        addAllowed(fields, trailers, "trailer-");
        const int status = error ? httpStatusOf(error->code) : 200;
        exchange->respond(status, std::move(fields), body.empty());
        if (!body.empty()) {
            exchange->write(std::move(body));
            exchange->end({});
        }
    }

  private:
    std::shared_ptr<http::Exchange> exchange;
    Codec codec;
    bool gzip;
    bool get;
    Metadata early;
    std::string body;
};

// Connect streams and gRPC: messages in envelopes.
class EnvelopeResponder : public Responder
{
  public:
    EnvelopeResponder(std::shared_ptr<http::Exchange> exchange, bool gzip)
      : exchange(std::move(exchange))
      , gzip(gzip)
    {}

    bool send(std::string message) override
    {
        return exchange->write(envelope(0, message));
    }

  protected:
    std::string envelope(uint8_t flags, const std::string& message) const
    {
        if (gzip && message.size() >= compressFromBytes) {
            return makeEnvelope(flags | envelopeCompressed,
                                protocol::gzip(message));
        }
        return makeEnvelope(flags, message);
    }

    std::shared_ptr<http::Exchange> exchange;
    bool gzip;
};

class ConnectStreamResponder : public EnvelopeResponder
{
  public:
    ConnectStreamResponder(std::shared_ptr<http::Exchange> exchange,
                           Codec codec,
                           bool gzip)
      : EnvelopeResponder(std::move(exchange), gzip)
      , codec(codec)
    {}

    void sendHeaders(const Metadata& headers) override
    {
        Metadata fields;
        fields.add("content-type", "application/connect+" + codecName(codec));
        fields.add("connect-accept-encoding", "gzip");
        if (gzip) {
            fields.add("connect-content-encoding", "gzip");
        }
        addAllowed(fields, headers, "");
        exchange->respond(200, std::move(fields), false);
        headersSent = true;
    }

    void finish(const std::optional<Error>& error,
                const Metadata& headers,
                const Metadata& trailers) override
    {
        if (!headersSent) {
            sendHeaders(headers);
        }
        Metadata allowed;
        addAllowed(allowed, trailers, "");
        exchange->write(
          envelope(envelopeEndStream, endStreamJson(error, allowed)));
        exchange->end({});
    }

  private:
    Codec codec;
    bool headersSent = false;
};

class GrpcResponder : public EnvelopeResponder
{
  public:
    GrpcResponder(std::shared_ptr<http::Exchange> exchange,
                  std::string contentType,
                  bool gzip)
      : EnvelopeResponder(std::move(exchange), gzip)
      , contentType(std::move(contentType))
    {}

    void sendHeaders(const Metadata& headers) override
    {
        Metadata fields = protocolHeaders();
        addAllowed(fields, headers, "");
        exchange->respond(200, std::move(fields), false);
        headersSent = true;
    }

    void finish(const std::optional<Error>& error,
                const Metadata& headers,
                const Metadata& trailers) override
    {
        Metadata status;
        status.add("grpc-status",
                   std::to_string(error ? static_cast<int>(error->code) : 0));
        if (error && !error->message.empty()) {
            status.add(
              "grpc-message",
              percentEncode(
                std::string_view(error->message).substr(0, maxTrailerBytes)));
        }
        if (error && !error->details.empty()) {
            std::string details = encodeBase64(grpcStatus(*error));
            if (details.size() <= maxTrailerBytes) {
                status.add("grpc-status-details-bin", std::move(details));
            }
        }
        addAllowed(status, trailers, "");
        if (!headersSent && headers.empty()) {
            // Trailers only, as gRPC calls it.
            Metadata fields = protocolHeaders();
            for (const auto& [name, value] : status) {
                fields.add(name, value);
            }
            exchange->respond(200, std::move(fields), true);
            return;
        }
        if (!headersSent) {
            sendHeaders(headers);
        }
        exchange->end(std::move(status));
    }

  private:
    Metadata protocolHeaders() const
    {
        Metadata fields;
        fields.add("content-type", contentType);
        fields.add("grpc-accept-encoding", "gzip");
        if (gzip) {
            fields.add("grpc-encoding", "gzip");
        }
        return fields;
    }

    std::string contentType;
    bool headersSent = false;
};

}

std::unique_ptr<Responder> makeConnectUnaryResponder(
  std::shared_ptr<http::Exchange> exchange,
  Codec codec,
  bool gzip,
  bool get)
{
    return std::make_unique<ConnectUnaryResponder>(
      std::move(exchange), codec, gzip, get);
}

std::unique_ptr<Responder> makeConnectStreamResponder(
  std::shared_ptr<http::Exchange> exchange,
  Codec codec,
  bool gzip)
{
    return std::make_unique<ConnectStreamResponder>(
      std::move(exchange), codec, gzip);
}

std::unique_ptr<Responder> makeGrpcResponder(
  std::shared_ptr<http::Exchange> exchange,
  std::string contentType,
  bool gzip)
{
    return std::make_unique<GrpcResponder>(
      std::move(exchange), std::move(contentType), gzip);
}

}
