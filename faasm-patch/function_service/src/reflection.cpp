#include "reflection.h"
#include "typed_message.h"

#include "grpc/health/v1/health.pb.h"
#include "grpc/reflection/v1/reflection.pb.h"
#include "grpc/reflection/v1alpha/reflection.pb.h"

#include "faasm/rpc/v1/function_service.pb.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <set>

namespace function_service {

namespace {

using connectrpc::Call;
using connectrpc::CallHandler;
using connectrpc::Code;
using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptor;

// What the process knows may be more than what it serves.
const std::set<const FileDescriptor*>& servedFiles()
{
    static const std::set<const FileDescriptor*> files{
        faasm::rpc::v1::ChannelRequest::descriptor()->file(),
        grpc::health::v1::HealthCheckRequest::descriptor()->file(),
        grpc::reflection::v1::ExtensionRequest::descriptor()->file(),
        grpc::reflection::v1alpha::ExtensionRequest::descriptor()->file(),
    };
    return files;
}

const FileDescriptor* served(const FileDescriptor* file)
{
    return servedFiles().contains(file) ? file : nullptr;
}

// Ends when its client ends. The client is answered once per question, so what
// is unsent is bounded by the stream's bound.
template<typename Request, typename Response>
class Handler : public CallHandler
{
  public:
    explicit Handler(std::shared_ptr<Call> call)
      : call(std::move(call))
    {}

    void onMessage(std::string message) override
    {
        if (!call) {
            return;
        }
        try {
            const auto request = decodeMessage<Request>(message, call->codec());
            call->send(connectrpc::encode(answer(request), call->codec()));
        } catch (const StreamError& error) {
            call->finish({ .code = error.code, .message = error.message });
        }
    }

    void onEnd() override
    {
        if (call) {
            call->finish();
        }
    }

    void onClosed(std::optional<connectrpc::Error> /*reason*/) override
    {
        call.reset();
    }

  private:
    static Response answer(const Request& request)
    {
        Response response;
        response.set_valid_host(request.host());
        *response.mutable_original_request() = request;
        const auto* pool = DescriptorPool::generated_pool();
        switch (request.message_request_case()) {
            case Request::kFileByFilename:
                putFile(response,
                        pool->FindFileByName(request.file_by_filename()));
                break;
            case Request::kFileContainingSymbol:
                putFile(response,
                        pool->FindFileContainingSymbol(
                          request.file_containing_symbol()));
                break;
            case Request::kListServices:
                for (const auto* file : servedFiles()) {
                    for (int i = 0; i < file->service_count(); i++) {
                        response.mutable_list_services_response()
                          ->add_service()
                          ->set_name(file->service(i)->full_name());
                    }
                }
                break;
            default:
                // None of the messages has extensions.
                putFile(response, nullptr);
        }
        return response;
    }

    static void putFile(Response& response, const FileDescriptor* file)
    {
        if (!file || !served(file)) {
            auto& error = *response.mutable_error_response();
            error.set_error_code(static_cast<int>(Code::NotFound));
            error.set_error_message("there is no such thing here");
            return;
        }
        google::protobuf::FileDescriptorProto proto;
        file->CopyTo(&proto);
        response.mutable_file_descriptor_response()->add_file_descriptor_proto(
          proto.SerializeAsString());
    }

    std::shared_ptr<Call> call;
};

}

std::shared_ptr<CallHandler> reflectV1(std::shared_ptr<Call> call)
{
    namespace v1 = grpc::reflection::v1;
    return std::make_shared<
      Handler<v1::ServerReflectionRequest, v1::ServerReflectionResponse>>(
      std::move(call));
}

std::shared_ptr<CallHandler> reflectV1Alpha(std::shared_ptr<Call> call)
{
    namespace v1 = grpc::reflection::v1alpha;
    return std::make_shared<
      Handler<v1::ServerReflectionRequest, v1::ServerReflectionResponse>>(
      std::move(call));
}

}
