#pragma once

#include <connect/error.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace connectrpc::protocol {

// The 5 bytes before each message of a stream: flags, then its length.
constexpr size_t envelopePrefixBytes = 5;
constexpr uint8_t envelopeCompressed = 1;
// Of Connect's last message of a response.
constexpr uint8_t envelopeEndStream = 2;

std::string makeEnvelope(uint8_t flags, std::string_view message);

// Finds messages in a stream of bytes, and unpacks them. Memory is taken as the
// bytes come, never because of a length that was announced. Not thread-safe.
class EnvelopeReader
{
  public:
    // `gzip`: compressed messages are allowed.
    EnvelopeReader(size_t maxMessageBytes, bool gzip)
      : maxMessageBytes(maxMessageBytes)
      , gzip(gzip)
    {}

    // Takes from `bytes` what it needs. A message when there is a complete
    // one; sets `error`, and is done, at the first that is not allowed.
    std::optional<std::string> read(std::string_view& bytes,
                                    std::optional<Error>& error);

    // Between two messages, where a stream may end.
    bool atBoundary() const { return prefix.empty() && !inMessage; }

    // Of a message that has not come completely.
    size_t keptBytes() const { return prefix.size() + message.size(); }

  private:
    size_t maxMessageBytes;
    bool gzip;
    std::string prefix;
    bool inMessage = false;
    uint8_t flags = 0;
    uint32_t length = 0;
    std::string message;
};

}
