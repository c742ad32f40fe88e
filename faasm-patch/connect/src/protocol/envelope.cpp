#include "protocol/envelope.h"

#include "protocol/gzip.h"

#include <algorithm>

namespace connectrpc::protocol {

std::string makeEnvelope(uint8_t flags, std::string_view message)
{
    const auto length = static_cast<uint32_t>(message.size());
    std::string bytes;
    bytes.reserve(envelopePrefixBytes + message.size());
    bytes += static_cast<char>(flags);
    for (int shift = 24; shift >= 0; shift -= 8) {
        bytes += static_cast<char>(length >> shift & 255);
    }
    bytes += message;
    return bytes;
}

std::optional<std::string> EnvelopeReader::read(std::string_view& bytes,
                                                std::optional<Error>& error)
{
    if (!inMessage) {
        const size_t take =
          std::min(envelopePrefixBytes - prefix.size(), bytes.size());
        prefix += bytes.substr(0, take);
        bytes.remove_prefix(take);
        if (prefix.size() < envelopePrefixBytes) {
            return std::nullopt;
        }
        flags = static_cast<uint8_t>(prefix[0]);
        length = 0;
        for (size_t i = 1; i < envelopePrefixBytes; i++) {
            length = length << 8 | static_cast<unsigned char>(prefix[i]);
        }
        prefix.clear();
        if ((flags & ~envelopeCompressed) != 0) {
            error = Error{ Code::InvalidArgument,
                           "a message has flags that are not known" };
            return std::nullopt;
        }
        if ((flags & envelopeCompressed) != 0 && !gzip) {
            error = Error{ Code::Internal,
                           "a message is compressed, and no header says how" };
            return std::nullopt;
        }
        // What can't be made smaller grows a little by gzip.
        const size_t most = flags == 0
                              ? maxMessageBytes
                              : maxMessageBytes + maxMessageBytes / 1024 + 64;
        if (length > most) {
            error = Error{ Code::ResourceExhausted,
                           "a message of " + std::to_string(length) +
                             " bytes is larger than the limit of " +
                             std::to_string(maxMessageBytes) };
            return std::nullopt;
        }
        inMessage = true;
    }
    const size_t take = std::min<size_t>(length - message.size(), bytes.size());
    message += bytes.substr(0, take);
    bytes.remove_prefix(take);
    if (message.size() < length) {
        return std::nullopt;
    }
    inMessage = false;
    std::string complete = std::move(message);
    message.clear();
    if (flags == 0 || complete.empty()) {
        return complete;
    }
    GunzipFailure failure{};
    auto unpacked = gunzip(complete, maxMessageBytes, failure);
    if (!unpacked) {
        error =
          failure == GunzipFailure::TooLarge
            ? Error{ Code::ResourceExhausted,
                     "a message is larger than the limit of " +
                       std::to_string(maxMessageBytes) + " bytes" }
            : Error{ Code::InvalidArgument, "a message is not gzip data" };
    }
    return unpacked;
}

}
