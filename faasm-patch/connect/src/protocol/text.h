#pragma once

#include <optional>
#include <string>
#include <string_view>

// The encodings that the protocols' texts are in.
namespace connectrpc::protocol {

// Standard alphabet without padding.
std::string encodeBase64(std::string_view bytes);

// Either alphabet, with or without padding. Nothing when it is not base64.
std::optional<std::string> decodeBase64(std::string_view text);

// As gRPC wants the `grpc-message` trailer: printable ASCII stays, but for `%`.
std::string percentEncode(std::string_view text);

// Of a query: `%41`, and `+` for a space. Nothing when it is malformed.
std::optional<std::string> percentDecode(std::string_view text);

// With quotes. Bytes that are not UTF-8 become U+FFFD.
std::string quoteJson(std::string_view text);

}
