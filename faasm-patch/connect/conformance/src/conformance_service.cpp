#include "conformance_service.h"

#include "inbox.h"
#include "request_info.h"

#include <connect/typed.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <memory>
#include <string>

namespace conformance {

namespace {

using boost::asio::awaitable;

// A call for the coroutines below, which are written as the comments of
// ConformanceService say. Used on the io_context's thread.
class Conversation
{
  public:
    Conversation(std::shared_ptr<connectrpc::Call> call,
                 std::shared_ptr<Inbox> inbox)
      : call(std::move(call))
      , inbox(std::move(inbox))
      , info(requestInfo(*this->call))
    {}

    // Nothing at the end, and after a message that can't be decoded, which has
    // then been answered. Notes it in `info`.
    template<typename Request>
    awaitable<std::optional<Request>> receive()
    {
        auto bytes = co_await inbox->receive();
        if (!bytes) {
            co_return std::nullopt;
        }
        auto request = connectrpc::decode<Request>(*bytes, call->codec());
        if (request) {
            addRequest(info, *request);
        } else {
            call->finish(connectrpc::Error{ connectrpc::Code::InvalidArgument,
                                            "the message can't be decoded" });
        }
        co_return request;
    }

    template<typename Definition>
    void setMetadata(const Definition& definition)
    {
        for (const auto& header : definition.response_headers()) {
            for (const auto& value : header.value()) {
                call->setResponseHeader(header.name(), value);
            }
        }
        for (const auto& trailer : definition.response_trailers()) {
            for (const auto& value : trailer.value()) {
                call->setResponseTrailer(trailer.name(), value);
            }
        }
    }

    template<typename Definition>
    awaitable<void> delay(const Definition& definition)
    {
        return inbox->sleep(
          std::chrono::milliseconds(definition.response_delay_ms()));
    }

    template<typename Response>
    void send(const std::string& data, bool withInfo)
    {
        Response response;
        response.mutable_payload()->set_data(data);
        if (withInfo) {
            *response.mutable_payload()->mutable_request_info() = info;
        }
        call->send(connectrpc::encode(response, call->codec()));
    }

    template<typename Response>
    awaitable<void> answerOnce(const v1::UnaryResponseDefinition& definition)
    {
        setMetadata(definition);
        co_await delay(definition);
        if (definition.has_error()) {
            call->finish(toError(definition.error(), &info));
        } else {
            send<Response>(definition.response_data(), true);
            call->finish();
        }
    }

    void finishStream(const v1::StreamResponseDefinition& definition, int sent)
    {
        if (definition.has_error()) {
            call->finish(
              toError(definition.error(), sent == 0 ? &info : nullptr));
        } else {
            call->finish();
        }
    }

    std::shared_ptr<connectrpc::Call> call;
    std::shared_ptr<Inbox> inbox;
    // Of the request; the messages since the last answer.
    RequestInfo info;
};

template<typename Request, typename Response>
awaitable<void> unary(Conversation conversation)
{
    if (auto request = co_await conversation.receive<Request>()) {
        // The answer must not come before the library has seen that there is no
        // second message.
        co_await conversation.inbox->receive();
        co_await conversation.answerOnce<Response>(
          request->response_definition());
    }
}

awaitable<void> clientStream(Conversation conversation)
{
    v1::UnaryResponseDefinition definition;
    bool first = true;
    while (auto request =
             co_await conversation.receive<v1::ClientStreamRequest>()) {
        if (first) {
            definition = request->response_definition();
            first = false;
        }
    }
    co_await conversation.answerOnce<v1::ClientStreamResponse>(definition);
}

// Those from number `sent` on.
template<typename Response>
awaitable<void> sendRest(Conversation& conversation,
                         const v1::StreamResponseDefinition& definition,
                         int sent)
{
    if (sent < definition.response_data_size()) {
        conversation.call->sendHeaders();
    }
    for (; sent < definition.response_data_size(); sent++) {
        co_await conversation.delay(definition);
        conversation.send<Response>(definition.response_data(sent), sent == 0);
    }
    conversation.finishStream(definition, sent);
}

awaitable<void> serverStream(Conversation conversation)
{
    if (auto request =
          co_await conversation.receive<v1::ServerStreamRequest>()) {
        co_await conversation.inbox->receive();
        conversation.setMetadata(request->response_definition());
        co_await sendRest<v1::ServerStreamResponse>(
          conversation, request->response_definition(), 0);
    }
}

awaitable<void> bidiStream(Conversation conversation)
{
    v1::StreamResponseDefinition definition;
    bool first = true;
    bool fullDuplex = false;
    int sent = 0;
    while (auto request =
             co_await conversation.receive<v1::BidiStreamRequest>()) {
        if (first) {
            first = false;
            definition = request->response_definition();
            fullDuplex = request->full_duplex();
            conversation.setMetadata(definition);
            if (fullDuplex && definition.response_data_size() > 0) {
                conversation.call->sendHeaders();
            }
        }
        if (!fullDuplex) {
            continue;
        }
        if (sent >= definition.response_data_size()) {
            break;
        }
        co_await conversation.delay(definition);
        conversation.send<v1::BidiStreamResponse>(
          definition.response_data(sent), true);
        sent++;
        conversation.info.Clear();
    }
    co_await sendRest<v1::BidiStreamResponse>(conversation, definition, sent);
}

// Hands what the client sends to a coroutine.
class Handler : public connectrpc::CallHandler
{
  public:
    explicit Handler(std::shared_ptr<Inbox> inbox)
      : inbox(std::move(inbox))
    {}

    void onMessage(std::string message) override
    {
        inbox->push(std::move(message));
    }

    void onEnd() override { inbox->end(); }

    void onClosed(std::optional<connectrpc::Error> /*reason*/) override
    {
        inbox->close();
    }

  private:
    std::shared_ptr<Inbox> inbox;
};

template<typename Answer>
connectrpc::HandlerFactory answeredBy(boost::asio::io_context& io,
                                      Answer answer)
{
    return [&io, answer](std::shared_ptr<connectrpc::Call> call) {
        auto inbox = std::make_shared<Inbox>(io);
        boost::asio::co_spawn(io,
                              answer(Conversation(std::move(call), inbox)),
                              boost::asio::detached);
        return std::make_shared<Handler>(std::move(inbox));
    };
}

connectrpc::Method method(const std::string& name, connectrpc::StreamKind kind)
{
    return { "/connectrpc.conformance.v1.ConformanceService/" + name, kind };
}

}

void addConformanceService(connectrpc::Server& server,
                           boost::asio::io_context& io)
{
    using connectrpc::StreamKind;
    server.addMethod(
      method("Unary", StreamKind::Unary),
      answeredBy(io, unary<v1::UnaryRequest, v1::UnaryResponse>));
    connectrpc::Method idempotent =
      method("IdempotentUnary", StreamKind::Unary);
    idempotent.idempotent = true;
    server.addMethod(
      idempotent,
      answeredBy(
        io, unary<v1::IdempotentUnaryRequest, v1::IdempotentUnaryResponse>));
    server.addMethod(method("ClientStream", StreamKind::ClientStream),
                     answeredBy(io, clientStream));
    server.addMethod(method("ServerStream", StreamKind::ServerStream),
                     answeredBy(io, serverStream));
    server.addMethod(method("BidiStream", StreamKind::BidiStream),
                     answeredBy(io, bidiStream));
    // `Unimplemented` is not there on purpose.
}

}
