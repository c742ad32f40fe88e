#include "protocol/error_text.h"

#include "protocol/text.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace connectrpc::protocol {

namespace {

void addVarint(std::string& bytes, uint64_t value)
{
    while (value >= 128) {
        bytes += static_cast<char>((value & 127) | 128);
        value >>= 7;
    }
    bytes += static_cast<char>(value);
}

// A length-delimited field.
void addBytes(std::string& bytes, uint32_t field, std::string_view value)
{
    addVarint(bytes, field << 3 | 2);
    addVarint(bytes, value.size());
    bytes += value;
}

}

std::string errorJson(const Error& error)
{
    std::string json = "{\"code\":" + quoteJson(codeName(error.code));
    if (!error.message.empty()) {
        json += ",\"message\":" + quoteJson(error.message);
    }
    for (size_t i = 0; i < error.details.size(); i++) {
        json += i == 0 ? ",\"details\":[" : ",";
        json += "{\"type\":" + quoteJson(error.details[i].type) +
                ",\"value\":\"" + encodeBase64(error.details[i].value) + "\"}";
    }
    if (!error.details.empty()) {
        json += ']';
    }
    json += '}';
    return json;
}

std::string endStreamJson(const std::optional<Error>& error,
                          const Metadata& trailers)
{
    std::string json = "{";
    if (error) {
        json += "\"error\":" + errorJson(*error);
    }
    std::vector<std::string_view> names;
    for (const auto& [name, value] : trailers) {
        bool seen = false;
        for (const auto other : names) {
            seen = seen || other == name;
        }
        if (seen) {
            continue;
        }
        json +=
          names.empty() ? (error ? ",\"metadata\":{" : "\"metadata\":{") : ",";
        names.push_back(name);
        json += quoteJson(name) + ":[";
        bool first = true;
        for (const auto each : trailers.getAll(name)) {
            json += (first ? "" : ",") + quoteJson(each);
            first = false;
        }
        json += ']';
    }
    if (!names.empty()) {
        json += '}';
    }
    json += '}';
    return json;
}

std::string grpcStatus(const Error& error)
{
    // https://github.com/googleapis/googleapis/blob/master/google/rpc/status.proto
    std::string status;
    addVarint(status, 1 << 3);
    addVarint(status, static_cast<uint64_t>(error.code));
    addBytes(status, 2, error.message);
    for (const auto& detail : error.details) {
        std::string any;
        addBytes(any, 1, "type.googleapis.com/" + detail.type);
        addBytes(any, 2, detail.value);
        addBytes(status, 3, any);
    }
    return status;
}

}
