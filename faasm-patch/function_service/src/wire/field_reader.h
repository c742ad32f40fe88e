#pragma once

#include <cstdint>
#include <string_view>

namespace function_service {

// Reads protobuf fields in place. Nothing that it reads is believed: whatever
// would leave the bytes is a StreamError(InvalidArgument).
class FieldReader
{
  public:
    explicit FieldReader(std::string_view bytes)
      : at(bytes.data())
      , end(bytes.data() + bytes.size())
    {}

    // The next field's tag, or 0 at the end of the message.
    uint32_t tag();

    uint64_t varint();

    // Larger numbers are cut, as protobuf says.
    uint32_t uint32() { return static_cast<uint32_t>(varint()); }

    // A view, not a copy.
    std::string_view bytes();

    // A string field has to be UTF-8.
    std::string_view text();

    FieldReader message() { return FieldReader(bytes()); }

    bool atEnd() const { return at == end; }

    // Passes over a field that the reader does not know.
    void skip(uint32_t tag);

  private:
    std::string_view take(uint64_t length);

    const char* at;
    const char* end;
};

// The number of characters, or -1 when `text` is not UTF-8.
int64_t countCharacters(std::string_view text);

}
