// Frames of clients: our decoder against protobuf's, which read the same in
// whatever both accept.

#include "input.h"
#include "stream_error.h"
#include "wire/client_frame.h"

#include "faasm/rpc/v1/function_service.pb.h"

#include <optional>
#include <string_view>

namespace {

using function_service::ClientFrame;
namespace rpc = faasm::rpc::v1;

std::optional<ClientFrame> decode(std::string_view bytes)
{
    try {
        return function_service::decodeClientFrame(bytes);
    } catch (const function_service::StreamError& error) {
        fuzz::require(error.code == connectrpc::Code::InvalidArgument,
                      "a malformed frame is invalid_argument");
        return std::nullopt;
    }
}

void requireSame(const ClientFrame& frame, const rpc::ChannelRequest& expected)
{
    using fuzz::require;
    require(frame.hello.has_value() == expected.has_hello(), "hello");
    require(frame.ack == expected.ack(), "ack");
    require(static_cast<int>(frame.bindings.size()) == expected.bindings_size(),
            "as many bindings");
    for (int i = 0; i < expected.bindings_size(); i++) {
        const auto& binding = frame.bindings[i];
        const auto& other = expected.bindings(i);
        require(binding.id == other.id() && binding.user == other.user() &&
                  binding.function == other.function() &&
                  binding.timeoutMs == other.timeout_ms(),
                "the same binding");
    }
    require(static_cast<int>(frame.calls.size()) == expected.calls_size(),
            "as many calls");
    for (int i = 0; i < expected.calls_size(); i++) {
        const auto& call = frame.calls[i];
        const auto& other = expected.calls(i);
        require(call.id == other.id() && call.binding == other.binding() &&
                  call.input == other.input() &&
                  call.timeoutMs == other.timeout_ms() &&
                  call.traceparent == other.traceparent() &&
                  call.timings == static_cast<int32_t>(other.timings()),
                "the same call");
    }
    require(static_cast<int>(frame.cancels.size()) == expected.cancels_size(),
            "as many cancels");
    for (int i = 0; i < expected.cancels_size(); i++) {
        require(frame.cancels[i] == expected.cancels(i), "the same cancel");
    }
}

}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto frame = decode(bytes);
    rpc::ChannelRequest expected;
    if (!expected.ParseFromArray(data, static_cast<int>(size))) {
        return 0;
    }
    if (frame) {
        requireSame(*frame, expected);
    }
    // Without what only protobuf reads, such as groups.
    expected.DiscardUnknownFields();
    const std::string written = expected.SerializeAsString();
    const auto again = decode(written);
    fuzz::require(again.has_value(), "what protobuf writes is read");
    requireSame(*again, expected);
    return 0;
}
