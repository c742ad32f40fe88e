#include "client_frame.h"
#include "field_reader.h"

namespace function_service {

namespace {

// Tags of the fields in function_service.proto.
namespace frame {
constexpr uint32_t HELLO = 0x0a;
constexpr uint32_t ACK = 0x10;
constexpr uint32_t BINDINGS = 0x1a;
constexpr uint32_t CALLS = 0x22;
constexpr uint32_t CANCEL = 0x28;
constexpr uint32_t CANCELS = 0x2a;
}

FrameBinding decodeBinding(FieldReader reader)
{
    FrameBinding binding;
    while (const uint32_t tag = reader.tag()) {
        switch (tag) {
            case 0x08:
                binding.id = reader.uint32();
                break;
            case 0x12:
                binding.user = reader.text();
                break;
            case 0x1a:
                binding.function = reader.text();
                break;
            case 0x20:
                binding.timeoutMs = reader.uint32();
                break;
            default:
                reader.skip(tag);
        }
    }
    return binding;
}

FrameCall decodeCall(FieldReader reader)
{
    FrameCall call;
    while (const uint32_t tag = reader.tag()) {
        switch (tag) {
            case 0x08:
                call.id = reader.varint();
                break;
            case 0x10:
                call.binding = reader.uint32();
                break;
            case 0x1a:
                call.input = reader.bytes();
                break;
            case 0x20:
                call.timeoutMs = reader.uint32();
                break;
            case 0x2a:
                call.traceparent = reader.text();
                break;
            case 0x30:
                call.timings = static_cast<int32_t>(reader.uint32());
                break;
            default:
                reader.skip(tag);
        }
    }
    return call;
}

}

ClientFrame decodeClientFrame(std::string_view bytes)
{
    ClientFrame result;
    FieldReader reader(bytes);
    while (const uint32_t tag = reader.tag()) {
        switch (tag) {
            case frame::CALLS:
                result.calls.push_back(decodeCall(reader.message()));
                break;
            case frame::ACK:
                result.ack = reader.varint();
                break;
            case frame::BINDINGS:
                result.bindings.push_back(decodeBinding(reader.message()));
                break;
            case frame::CANCELS:
                for (FieldReader ids = reader.message(); !ids.atEnd();) {
                    result.cancels.push_back(ids.varint());
                }
                break;
            case frame::CANCEL:
                result.cancels.push_back(reader.varint());
                break;
            case frame::HELLO:
                result.hello = reader.bytes();
                break;
            default:
                reader.skip(tag);
        }
    }
    return result;
}

}
