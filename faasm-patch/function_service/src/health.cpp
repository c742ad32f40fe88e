#include "health.h"
#include "typed_message.h"

#include "grpc/health/v1/health.pb.h"

#include "faasm/rpc/v1/function_service.pb.h"

namespace function_service {

using connectrpc::Call;
using connectrpc::CallHandler;
using connectrpc::Code;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

namespace {

std::string encodeStatus(const Call& call, int status)
{
    HealthCheckResponse response;
    response.set_status(
      static_cast<HealthCheckResponse::ServingStatus>(status));
    return connectrpc::encode(response, call.codec());
}

}

class Health::CheckHandler : public CallHandler
{
  public:
    CheckHandler(std::shared_ptr<Call> call, std::shared_ptr<Health> health)
      : call(std::move(call))
      , health(std::move(health))
    {}

    void onMessage(std::string message) override
    {
        if (!call) {
            return;
        }
        try {
            const auto request =
              decodeMessage<HealthCheckRequest>(message, call->codec());
            const int status = health->statusOf(request.service());
            if (status == HealthCheckResponse::SERVICE_UNKNOWN) {
                throw StreamError(Code::NotFound, "there is no such service");
            }
            call->send(encodeStatus(*call, status));
            call->finish();
        } catch (const StreamError& error) {
            call->finish({ .code = error.code, .message = error.message });
        }
    }

    void onClosed(std::optional<connectrpc::Error> /*reason*/) override
    {
        call.reset();
    }

  private:
    std::shared_ptr<Call> call;
    const std::shared_ptr<Health> health;
};

class Health::WatchHandler : public CallHandler
{
  public:
    WatchHandler(std::shared_ptr<Call> call, std::shared_ptr<Health> health)
      : call(std::move(call))
      , health(std::move(health))
    {}

    void onMessage(std::string message) override
    {
        if (!call) {
            return;
        }
        try {
            const auto request =
              decodeMessage<HealthCheckRequest>(message, call->codec());
            // With the lock: the next status comes after this one.
            std::lock_guard lock(health->mutex);
            const int status = health->statusOf(request.service());
            call->send(encodeStatus(*call, status));
            if (status == HealthCheckResponse::SERVING) {
                health->watchers.emplace(this, call);
            }
        } catch (const StreamError& error) {
            call->finish({ .code = error.code, .message = error.message });
        }
    }

    void onClosed(std::optional<connectrpc::Error> /*reason*/) override
    {
        std::lock_guard lock(health->mutex);
        health->watchers.erase(this);
        call.reset();
    }

  private:
    std::shared_ptr<Call> call;
    const std::shared_ptr<Health> health;
};

std::shared_ptr<CallHandler> Health::check(std::shared_ptr<Call> call)
{
    return std::make_shared<CheckHandler>(std::move(call), shared_from_this());
}

std::shared_ptr<CallHandler> Health::watch(std::shared_ptr<Call> call)
{
    return std::make_shared<WatchHandler>(std::move(call), shared_from_this());
}

void Health::stopServing()
{
    std::lock_guard lock(mutex);
    serving = false;
    for (const auto& [handler, call] : watchers) {
        call->send(encodeStatus(*call, HealthCheckResponse::NOT_SERVING));
    }
    watchers.clear();
}

int Health::statusOf(const std::string& service) const
{
    const auto* descriptor = faasm::rpc::v1::ChannelRequest::descriptor();
    const bool known =
      service.empty() || service == descriptor->file()->service(0)->full_name();
    if (!known) {
        return HealthCheckResponse::SERVICE_UNKNOWN;
    }
    return serving ? HealthCheckResponse::SERVING
                   : HealthCheckResponse::NOT_SERVING;
}

}
