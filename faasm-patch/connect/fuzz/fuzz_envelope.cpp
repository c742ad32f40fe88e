// Envelopes as they come in pieces: whatever the pieces are, the messages and
// the error are the same, and no more is kept than has come. The input's first
// byte says whether messages may be compressed, the second how long the pieces
// are.

#include "input.h"
#include "protocol/envelope.h"
#include "protocol/gzip.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace connectrpc;
using namespace connectrpc::protocol;

constexpr size_t maxMessageBytes = 4 * 1024;
constexpr size_t mostKept =
  envelopePrefixBytes + maxMessageBytes + maxMessageBytes / 1024 + 64;

struct Seen
{
    std::vector<std::string> messages;
    std::optional<Error> error;
    bool atBoundary = false;
};

Seen readAll(std::string_view bytes, size_t step, bool gzip)
{
    Seen seen;
    EnvelopeReader reader(maxMessageBytes, gzip);
    size_t consumed = 0;
    while (!bytes.empty() && !seen.error) {
        std::string_view piece = bytes.substr(0, step);
        bytes.remove_prefix(piece.size());
        while (!piece.empty() && !seen.error) {
            const size_t before = piece.size();
            auto message = reader.read(piece, seen.error);
            fuzz::require(piece.size() < before, "a read takes something");
            consumed += before - piece.size();
            fuzz::require(reader.keptBytes() <= std::min(consumed, mostKept),
                          "no more is kept than has come, and may come");
            if (message) {
                fuzz::require(!seen.error, "a message or an error");
                fuzz::require(message->size() <= maxMessageBytes,
                              "no larger message");
                seen.messages.push_back(std::move(*message));
            }
        }
    }
    seen.atBoundary = reader.atBoundary();
    return seen;
}

}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    std::string_view input(reinterpret_cast<const char*>(data), size);
    if (input.size() < 2) {
        return 0;
    }
    const bool mayCompress = input[0] & 1;
    const size_t step = static_cast<unsigned char>(input[1]) + size_t{ 1 };
    input.remove_prefix(2);

    const Seen whole = readAll(input, input.size() + 1, mayCompress);
    const Seen pieces = readAll(input, step, mayCompress);
    fuzz::require(whole.messages == pieces.messages, "the same messages");
    fuzz::require(whole.error.has_value() == pieces.error.has_value(),
                  "the same error");
    if (whole.error) {
        fuzz::require(whole.error->code == pieces.error->code &&
                        whole.error->message == pieces.error->message,
                      "the same error");
    } else {
        fuzz::require(whole.atBoundary == pieces.atBoundary, "the same end");
    }

    // What is written is read again.
    const std::string_view message = input.substr(0, maxMessageBytes);
    const Seen written =
      readAll(makeEnvelope(0, message) +
                makeEnvelope(envelopeCompressed, protocol::gzip(message)),
              step,
              true);
    fuzz::require(!written.error && written.messages.size() == 2 &&
                    written.messages[0] == message &&
                    written.messages[1] == message,
                  "an envelope that is not read as it was written");
    return 0;
}
