#include "protocol/router.h"

#include "protocol/query.h"
#include "protocol/responder.h"
#include "protocol/rpc_call.h"
#include "protocol/text.h"
#include "protocol/timeout.h"

#include <algorithm>
#include <utility>

namespace connectrpc::protocol {

namespace {

// For a request that reaches no handler. Answers at its end: clients of plain
// HTTP send all of a body before they read, and take the reset of a request
// that was answered early for a failure.
class Refusal : public http::ExchangeHandler
{
  public:
    explicit Refusal(std::function<void()> answer)
      : answer(std::move(answer))
    {}

    void onBody(std::string_view bytes) override
    {
        seen += bytes.size();
        if (seen > maxIgnoredBytes) {
            answerOnce();
        }
    }

    void onEnd() override { answerOnce(); }
    void onWritable() override {}
    void onDeadline() override { answerOnce(); }
    void onClosed(Closed /*how*/) override { answer = nullptr; }

  private:
    static constexpr size_t maxIgnoredBytes = 64 * 1024;

    void answerOnce()
    {
        if (answer) {
            std::exchange(answer, nullptr)();
        }
    }

    std::function<void()> answer;
    size_t seen = 0;
};

// A client that neither ends nor goes on is answered after it.
constexpr std::chrono::seconds refusalPatience{ 5 };

std::shared_ptr<http::ExchangeHandler> refuseAtEnd(http::Exchange& exchange,
                                                   std::function<void()> answer)
{
    exchange.setDeadline(std::chrono::steady_clock::now() + refusalPatience);
    return std::make_shared<Refusal>(std::move(answer));
}

std::shared_ptr<http::ExchangeHandler> refuse(
  const std::shared_ptr<http::Exchange>& exchange,
  int status,
  Metadata headers = {})
{
    return refuseAtEnd(*exchange,
                       [exchange, status, headers = std::move(headers)] {
                           exchange->respond(status, headers, true);
                       });
}

std::shared_ptr<http::ExchangeHandler> failAtEnd(
  http::Exchange& exchange,
  std::unique_ptr<Responder> responder,
  Error error)
{
    return refuseAtEnd(
      exchange,
      [responder = std::shared_ptr<Responder>(std::move(responder)),
       error = std::move(error)] { responder->finish(error, {}, {}); });
}

// Clients of streams read while they send, and may wait for the answer.
std::shared_ptr<http::ExchangeHandler> failNow(Responder& responder,
                                               Error error)
{
    responder.finish(error, {}, {});
    return std::make_shared<Refusal>(nullptr);
}

enum class Protocol
{
    ConnectUnary,
    ConnectStream,
    Grpc,
};

struct ContentType
{
    Protocol protocol;
    Codec codec;
};

std::string lower(std::string_view text)
{
    std::string result(text);
    for (char& c : result) {
        if (c >= 'A' && c <= 'Z') {
            c = static_cast<char>(c - 'A' + 'a');
        }
    }
    return result;
}

std::optional<ContentType> parseContentType(std::string_view value)
{
    value = value.substr(0, value.find(';'));
    while (!value.empty() && value.back() == ' ') {
        value.remove_suffix(1);
    }
    const std::string type = lower(value);
    if (type == "application/proto") {
        return ContentType{ Protocol::ConnectUnary, Codec::Proto };
    }
    if (type == "application/json") {
        return ContentType{ Protocol::ConnectUnary, Codec::Json };
    }
    if (type == "application/connect+proto") {
        return ContentType{ Protocol::ConnectStream, Codec::Proto };
    }
    if (type == "application/connect+json") {
        return ContentType{ Protocol::ConnectStream, Codec::Json };
    }
    if (type == "application/grpc" || type == "application/grpc+proto") {
        return ContentType{ Protocol::Grpc, Codec::Proto };
    }
    if (type == "application/grpc+json") {
        return ContentType{ Protocol::Grpc, Codec::Json };
    }
    return std::nullopt;
}

std::string_view acceptedTypes(StreamKind kind)
{
    return kind == StreamKind::Unary
             ? "application/proto, application/json, application/grpc, "
               "application/grpc+proto, application/grpc+json"
             : "application/connect+proto, application/connect+json, "
               "application/grpc, application/grpc+proto, "
               "application/grpc+json";
}

// Whether a list such as `br, gzip;q=0.5` has gzip in it.
bool acceptsGzip(const Metadata& headers, std::string_view name)
{
    for (std::string_view list : headers.getAll(name)) {
        while (!list.empty()) {
            const size_t end = std::min(list.find(','), list.size());
            std::string_view item = list.substr(0, end);
            list.remove_prefix(std::min(end + 1, list.size()));
            const size_t semicolon = std::min(item.find(';'), item.size());
            const std::string_view weight = item.substr(semicolon);
            item = item.substr(0, semicolon);
            while (!item.empty() && item.front() == ' ') {
                item.remove_prefix(1);
            }
            while (!item.empty() && item.back() == ' ') {
                item.remove_suffix(1);
            }
            if (item == "gzip") {
                const size_t zero = weight.find("q=0");
                return zero == std::string_view::npos ||
                       weight.find_first_not_of("0.", zero + 3) !=
                         std::string_view::npos;
            }
        }
    }
    return false;
}

// False when the encoding is one that nobody here knows.
bool readEncoding(std::string_view encoding, bool& gzip)
{
    gzip = encoding == "gzip";
    return gzip || encoding == "identity" || encoding.empty();
}

Error unknownEncoding(std::string_view encoding)
{
    return { Code::Unimplemented,
             "the compression " + quoteJson(encoding) +
               " is not supported; use gzip or identity" };
}

// False when the client's timeout is malformed.
bool readDeadline(const Metadata& headers,
                  Protocol protocol,
                  CallSettings& settings)
{
    const bool grpc = protocol == Protocol::Grpc;
    const auto value =
      headers.get(grpc ? "grpc-timeout" : "connect-timeout-ms");
    if (!value) {
        return true;
    }
    const auto timeout =
      grpc ? parseGrpcTimeout(*value) : parseConnectTimeout(*value);
    if (!timeout) {
        return false;
    }
    settings.deadline =
      std::chrono::steady_clock::now() +
      std::chrono::duration_cast<std::chrono::steady_clock::duration>(*timeout);
    return true;
}

Error malformedTimeout()
{
    return { Code::InvalidArgument, "the timeout is malformed" };
}

std::shared_ptr<http::ExchangeHandler> startCall(
  std::shared_ptr<http::Exchange> exchange,
  CallSettings settings,
  std::unique_ptr<Responder> responder,
  const HandlerFactory& factory)
{
    auto call = std::make_shared<RpcCall>(
      std::move(exchange), std::move(settings), std::move(responder));
    call->start(factory);
    return call;
}

std::shared_ptr<http::ExchangeHandler> startGet(
  std::shared_ptr<http::Exchange> exchange,
  std::string_view query,
  CallSettings settings,
  const HandlerFactory& factory)
{
    const Metadata& headers = exchange->request().headers;
    auto get = parseGetQuery(query);
    if (get && (!get->encoding ||
                (*get->encoding != "proto" && *get->encoding != "json"))) {
        return refuse(exchange, 415);
    }
    settings.codec =
      get && *get->encoding == "proto" ? Codec::Proto : Codec::Json;
    auto responder = makeConnectUnaryResponder(
      exchange, settings.codec, acceptsGzip(headers, "accept-encoding"), true);
    if (!get || !get->message) {
        return failAtEnd(*exchange,
                         std::move(responder),
                         { Code::InvalidArgument,
                           "the query is malformed, or has no message" });
    }
    if (get->connect && *get->connect != "v1") {
        return failAtEnd(*exchange,
                         std::move(responder),
                         { Code::InvalidArgument,
                           "the version of the Connect protocol is not 1" });
    }
    const std::string_view encoding =
      get->compression ? std::string_view(*get->compression) : "";
    if (!readEncoding(encoding, settings.gzip)) {
        return failAtEnd(
          *exchange, std::move(responder), unknownEncoding(encoding));
    }
    if (!readDeadline(headers, Protocol::ConnectUnary, settings)) {
        return failAtEnd(*exchange, std::move(responder), malformedTimeout());
    }
    settings.getMessage = get->base64 && *get->base64 == "1"
                            ? decodeBase64(*get->message)
                            : std::move(get->message);
    if (!settings.getMessage) {
        return failAtEnd(
          *exchange,
          std::move(responder),
          { Code::InvalidArgument, "the message is not base64" });
    }
    return startCall(
      std::move(exchange), std::move(settings), std::move(responder), factory);
}

}

void Router::addMethod(Method method, HandlerFactory factory)
{
    std::string path = method.path;
    routes.insert_or_assign(std::move(path),
                            Route{ std::move(method), std::move(factory) });
}

std::shared_ptr<http::ExchangeHandler> Router::open(
  std::shared_ptr<http::Exchange> exchange) const
{
    const http::Request& request = exchange->request();
    const Metadata& headers = request.headers;
    const std::string_view target = request.target;
    const size_t question = std::min(target.find('?'), target.size());
    const auto type =
      parseContentType(headers.get("content-type").value_or(""));
    const bool post = request.method == "POST";

    const auto route = routes.find(target.substr(0, question));
    if (route == routes.end()) {
        if (post && type && type->protocol == Protocol::Grpc) {
            auto responder = makeGrpcResponder(
              exchange, std::string(*headers.get("content-type")), false);
            return failNow(*responder,
                           { Code::Unimplemented, "there is no such method" });
        }
        return refuse(exchange, 404);
    }
    const Method& method = route->second.method;
    const HandlerFactory& factory = route->second.factory;

    CallSettings settings;
    settings.kind = method.kind;
    settings.requestTimeout = requestTimeout;
    settings.maxMessageBytes =
      method.maxMessageBytes > 0 ? method.maxMessageBytes : maxMessageBytes;

    const bool mayGet = method.idempotent && method.kind == StreamKind::Unary;
    if (request.method == "GET" && mayGet) {
        return startGet(exchange,
                        target.substr(std::min(question + 1, target.size())),
                        std::move(settings),
                        factory);
    }
    if (!post) {
        Metadata allow;
        allow.add("allow", mayGet ? "GET, POST" : "POST");
        return refuse(exchange, 405, std::move(allow));
    }
    if (!type ||
        (type->protocol == Protocol::ConnectUnary &&
         method.kind != StreamKind::Unary) ||
        (type->protocol == Protocol::ConnectStream &&
         method.kind == StreamKind::Unary)) {
        Metadata accept;
        accept.add("accept-post", std::string(acceptedTypes(method.kind)));
        return refuse(exchange, 415, std::move(accept));
    }
    settings.codec = type->codec;
    settings.envelopes = type->protocol != Protocol::ConnectUnary;

    std::unique_ptr<Responder> responder;
    std::string_view encodingHeader;
    switch (type->protocol) {
        case Protocol::ConnectUnary:
            responder =
              makeConnectUnaryResponder(exchange,
                                        type->codec,
                                        acceptsGzip(headers, "accept-encoding"),
                                        false);
            encodingHeader = "content-encoding";
            break;
        case Protocol::ConnectStream:
            responder = makeConnectStreamResponder(
              exchange,
              type->codec,
              acceptsGzip(headers, "connect-accept-encoding"));
            encodingHeader = "connect-content-encoding";
            break;
        case Protocol::Grpc:
            responder =
              makeGrpcResponder(exchange,
                                std::string(*headers.get("content-type")),
                                acceptsGzip(headers, "grpc-accept-encoding"));
            encodingHeader = "grpc-encoding";
            break;
    }

    const auto fail = [&](Error error) {
        return settings.envelopes
                 ? failNow(*responder, std::move(error))
                 : failAtEnd(*exchange, std::move(responder), std::move(error));
    };
    const std::string_view encoding = headers.get(encodingHeader).value_or("");
    if (!readEncoding(encoding, settings.gzip)) {
        return fail(unknownEncoding(encoding));
    }
    if (type->protocol != Protocol::Grpc &&
        headers.get("connect-protocol-version").value_or("1") != "1") {
        return fail({ Code::InvalidArgument,
                      "the version of the Connect protocol is not 1" });
    }
    if (!readDeadline(headers, type->protocol, settings)) {
        return fail(malformedTimeout());
    }
    return startCall(
      std::move(exchange), std::move(settings), std::move(responder), factory);
}

}
