#include "port.h"
#include "typed_message.h"

#include "faasm/rpc/v1/function_service.pb.h"

namespace function_service {

namespace rpc = faasm::rpc::v1;

void Port::send(std::string frame)
{
    if (call->codec() == connectrpc::Codec::Json) {
        rpc::ChannelResponse response;
        response.ParseFromString(frame);
        frame = connectrpc::encode(response, connectrpc::Codec::Json);
    }
    call->send(std::move(frame));
}

void Port::end(const std::optional<StreamError>& error)
{
    if (error) {
        call->finish({ .code = error->code, .message = error->message });
    } else {
        call->finish();
    }
}

std::string Port::decode(std::string message) const
{
    if (call->codec() == connectrpc::Codec::Proto) {
        return message;
    }
    return decodeMessage<rpc::ChannelRequest>(message, connectrpc::Codec::Json)
      .SerializeAsString();
}

}
