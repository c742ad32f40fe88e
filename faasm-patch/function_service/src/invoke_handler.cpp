#include "invoke_handler.h"
#include "call_limits.h"
#include "error_code.h"
#include "timings_level.h"
#include "typed_message.h"

#include "faasm/rpc/v1/function_service.pb.h"

#include <algorithm>

namespace function_service {

using connectrpc::Code;
namespace rpc = faasm::rpc::v1;

namespace {

rpc::InvokeRequest decode(const std::string& message, connectrpc::Codec codec)
{
    auto request = decodeMessage<rpc::InvokeRequest>(message, codec);
    if (request.user().empty() || request.function().empty()) {
        throw StreamError(Code::InvalidArgument,
                          "the request names no user or no function");
    }
    return request;
}

connectrpc::Error toError(CallError error)
{
    rpc::CallError detail;
    detail.set_kind(static_cast<rpc::ErrorKind>(error.kind));
    detail.set_message(error.message);
    detail.set_may_have_run(error.mayHaveRun);
    return { .code = codeOf(error.kind),
             .message = std::move(error.message),
             .details = { { .type = "faasm.rpc.v1.CallError",
                            .value = detail.SerializeAsString() } } };
}

}

InvokeHandler::InvokeHandler(std::shared_ptr<connectrpc::Call> call,
                             std::shared_ptr<AdmissionQueue> queue,
                             const ServiceOptions& options)
  : queue(std::move(queue))
  , options(options)
  , call(std::move(call))
{}

void InvokeHandler::onMessage(std::string message)
{
    const auto request = getCall();
    if (!request) {
        return;
    }
    try {
        rpc::InvokeRequest asked = decode(message, request->codec());
        auto deadline = deadlineOf(asked.timeout_ms(), options);
        if (const auto clientsDeadline = request->deadline()) {
            deadline = std::min(deadline, *clientsDeadline);
        }
        running = queue->prepare(
          { .user = std::move(*asked.mutable_user()),
            .function = std::move(*asked.mutable_function()),
            .input = std::move(*asked.mutable_input()),
            .traceparent = std::move(*asked.mutable_traceparent()),
            .timings = timingsLevelOf(asked.timings()),
            .deadline = deadline },
          shared_from_this(),
          0);
    } catch (const StreamError& error) {
        request->finish({ .code = error.code, .message = error.message });
        return;
    }
    queue->start(running);
}

void InvokeHandler::onClosed(std::optional<connectrpc::Error> /*reason*/)
{
    {
        std::lock_guard lock(mutex);
        call.reset();
    }
    if (const auto started = std::exchange(running, nullptr)) {
        queue->cancel(started);
    }
}

void InvokeHandler::answered(uint64_t /*id*/, FrameResult result)
{
    const auto answers = getCall();
    if (!answers) {
        return;
    }
    if (auto* error = std::get_if<CallError>(&result.outcome)) {
        answers->finish(toError(std::move(*error)));
        return;
    }
    rpc::InvokeResponse response;
    response.set_output(std::move(std::get<std::string>(result.outcome)));
    if (const auto& known = result.timings) {
        auto& timings = *response.mutable_timings();
        timings.set_queued_us(known->queuedUs);
        timings.set_executed_us(known->executedUs);
        timings.set_cold(known->cold);
        if (known->arrivedAtUs != 0) {
            timings.set_arrived_at_us(known->arrivedAtUs);
        }
    }
    answers->send(connectrpc::encode(response, answers->codec()));
    answers->finish();
}

std::shared_ptr<connectrpc::Call> InvokeHandler::getCall()
{
    std::lock_guard lock(mutex);
    return call;
}

}
