#pragma once

#include "admission_queue.h"

#include <connect/call.h>
#include <function_service/options.h>

#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace function_service {

// Runs one function once: a call of FunctionService.Invoke.
class InvokeHandler
  : public connectrpc::CallHandler
  , public CallOwner
  , public std::enable_shared_from_this<InvokeHandler>
{
  public:
    InvokeHandler(std::shared_ptr<connectrpc::Call> call,
                  std::shared_ptr<AdmissionQueue> queue,
                  const ServiceOptions& options);

    void onMessage(std::string message) override;
    void onClosed(std::optional<connectrpc::Error> reason) override;

    void answered(uint64_t id, FrameResult result) override;

  private:
    // Absent once the call is over.
    std::shared_ptr<connectrpc::Call> getCall();

    const std::shared_ptr<AdmissionQueue> queue;
    const ServiceOptions& options;

    std::mutex mutex;
    std::shared_ptr<connectrpc::Call> call;
    // The strand's.
    std::shared_ptr<AdmissionQueue::Entry> running;
};

}
