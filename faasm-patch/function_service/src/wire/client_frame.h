#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace function_service {

// The contract's Binding; a view of the frame's bytes.
struct FrameBinding
{
    uint32_t id = 0;
    std::string_view user;
    std::string_view function;
    uint32_t timeoutMs = 0;
};

// The contract's Call; a view of the frame's bytes.
struct FrameCall
{
    uint64_t id = 0;
    uint32_t binding = 0;
    uint32_t timeoutMs = 0;
    std::string_view input;
    std::string_view traceparent;
    // As it came: any number.
    int32_t timings = 0;
};

// The contract's ChannelRequest; a view of its bytes.
struct ClientFrame
{
    // Encoded.
    std::optional<std::string_view> hello;
    uint64_t ack = 0;
    std::vector<FrameBinding> bindings;
    std::vector<FrameCall> calls;
    std::vector<uint64_t> cancels;
};

// Decodes by hand what comes for every call: protobuf's generated code copies
// each input. Throws StreamError.
ClientFrame decodeClientFrame(std::string_view bytes);

}
