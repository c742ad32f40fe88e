// Errors as clients read them: Connect's JSON and gRPC's trailers, whatever a
// function has put into message, details and metadata. Other readers than ours
// have to find it there again.

#include "input.h"
#include "protocol/error_text.h"
#include "protocol/text.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/unknown_field_set.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace connectrpc;
using namespace connectrpc::protocol;
using google::protobuf::Struct;
using google::protobuf::Value;

Struct parse(const std::string& json)
{
    Struct parsed;
    fuzz::require(
      google::protobuf::util::JsonStringToMessage(json, &parsed).ok(),
      "text that is no JSON object");
    return parsed;
}

const Value& at(const Struct& parsed, const char* name)
{
    const auto found = parsed.fields().find(name);
    fuzz::require(found != parsed.fields().end(), "a field that is missing");
    return found->second;
}

// The text comes back, but for bytes that are not UTF-8.
void requireText(const std::string& parsed, const std::string& original)
{
    if (parsed.find("\xef\xbf\xbd") == std::string::npos) {
        fuzz::require(parsed == original, "a text that is another");
    }
}

void requireError(const Struct& parsed, const Error& error)
{
    fuzz::require(codeFromName(at(parsed, "code").string_value()) == error.code,
                  "another code");
    if (!error.message.empty()) {
        requireText(at(parsed, "message").string_value(), error.message);
    }
    if (error.details.empty()) {
        return;
    }
    const auto& details = at(parsed, "details").list_value();
    fuzz::require(details.values_size() ==
                    static_cast<int>(error.details.size()),
                  "as many details");
    for (int i = 0; i < details.values_size(); i++) {
        const auto& detail = details.values(i).struct_value();
        requireText(at(detail, "type").string_value(), error.details[i].type);
        fuzz::require(decodeBase64(at(detail, "value").string_value()) ==
                        error.details[i].value,
                      "another detail");
    }
}

void requireEnd(const std::string& json,
                const std::optional<Error>& error,
                const Metadata& trailers)
{
    const Struct parsed = parse(json);
    fuzz::require(parsed.fields().contains("error") == error.has_value(),
                  "an error if there is one");
    if (error) {
        requireError(at(parsed, "error").struct_value(), *error);
    }
    std::map<std::string, std::vector<std::string>> expected;
    for (const auto& [name, value] : trailers) {
        expected[name].push_back(value);
    }
    fuzz::require(parsed.fields().contains("metadata") != expected.empty(),
                  "metadata if there are some");
    for (const auto& [name, values] : expected) {
        const auto& list =
          at(at(parsed, "metadata").struct_value(), name.c_str()).list_value();
        fuzz::require(list.values_size() == static_cast<int>(values.size()),
                      "as many values");
        for (int i = 0; i < list.values_size(); i++) {
            requireText(list.values(i).string_value(), values[i]);
        }
    }
}

void requireStatus(const std::string& bytes, const Error& error)
{
    google::protobuf::UnknownFieldSet status;
    fuzz::require(status.ParseFromString(bytes), "a google.rpc.Status");
    fuzz::require(status.field_count() ==
                    2 + static_cast<int>(error.details.size()),
                  "code, message and details");
    fuzz::require(status.field(0).varint() == static_cast<uint64_t>(error.code),
                  "another code");
    fuzz::require(status.field(1).length_delimited() == error.message,
                  "another message");
    for (int i = 2; i < status.field_count(); i++) {
        google::protobuf::Any any;
        const ErrorDetail& detail = error.details[i - 2];
        fuzz::require(any.ParseFromString(status.field(i).length_delimited()) &&
                        any.type_url() ==
                          "type.googleapis.com/" + detail.type &&
                        any.value() == detail.value,
                      "another detail");
    }
}

void requireGrpcMessage(const std::string& encoded, std::string message)
{
    for (unsigned char c : encoded) {
        fuzz::require(c >= 0x20 && c <= 0x7e, "a trailer of printable ASCII");
    }
    // Of a query; there a plus is a space.
    std::replace(message.begin(), message.end(), '+', ' ');
    fuzz::require(percentDecode(encoded) == message, "another message");
}

}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    FuzzedDataProvider input(data, size);
    const auto text = [&] { return input.ConsumeRandomLengthString(); };
    // Names of types and fields are the service's own.
    const auto name = [&] {
        std::string letters = text();
        for (char& c : letters) {
            c = static_cast<char>('a' + static_cast<unsigned char>(c) % 26);
        }
        return "x" + letters;
    };
    Error error{ static_cast<Code>(input.ConsumeIntegralInRange(1, 16)),
                 text() };
    for (int i = input.ConsumeIntegralInRange(0, 3); i > 0; i--) {
        error.details.push_back({ name(), text() });
    }
    Metadata trailers;
    for (int i = input.ConsumeIntegralInRange(0, 5); i > 0; i--) {
        trailers.add(name(), text());
    }

    requireError(parse(errorJson(error)), error);
    requireEnd(endStreamJson(error, trailers), error, trailers);
    requireEnd(endStreamJson(std::nullopt, trailers), std::nullopt, trailers);
    requireStatus(grpcStatus(error), error);
    requireGrpcMessage(percentEncode(error.message), error.message);
    return 0;
}
