#include "field_reader.h"
#include "../stream_error.h"

namespace function_service {

namespace {

constexpr unsigned MAX_VARINT_BYTES = 10;

[[noreturn]] void malformed(const char* what)
{
    throw StreamError(connectrpc::Code::InvalidArgument,
                      std::string("the frame ") + what);
}

}

uint32_t FieldReader::tag()
{
    if (at == end) {
        return 0;
    }
    const uint64_t tag = varint();
    if (tag < 8 || tag > UINT32_MAX) {
        malformed("has an invalid field tag");
    }
    return static_cast<uint32_t>(tag);
}

uint64_t FieldReader::varint()
{
    uint64_t value = 0;
    for (unsigned i = 0; i < MAX_VARINT_BYTES; i++) {
        if (at == end) {
            malformed("ends within a number");
        }
        const auto byte = static_cast<unsigned char>(*at++);
        value |= static_cast<uint64_t>(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            return value;
        }
    }
    malformed("has a number of more than ten bytes");
}

std::string_view FieldReader::bytes()
{
    return take(varint());
}

std::string_view FieldReader::text()
{
    const std::string_view text = bytes();
    if (countCharacters(text) < 0) {
        malformed("has a text that is not UTF-8");
    }
    return text;
}

void FieldReader::skip(uint32_t tag)
{
    switch (tag & 7) {
        case 0:
            varint();
            return;
        case 1:
            take(8);
            return;
        case 2:
            bytes();
            return;
        case 5:
            take(4);
            return;
        default:
            malformed("has a field of an unknown wire type");
    }
}

std::string_view FieldReader::take(uint64_t length)
{
    if (length > static_cast<uint64_t>(end - at)) {
        malformed("ends within a field");
    }
    const std::string_view taken(at, length);
    at += length;
    return taken;
}

int64_t countCharacters(std::string_view text)
{
    int64_t count = 0;
    for (size_t i = 0; i < text.size(); count++) {
        const auto first = static_cast<unsigned char>(text[i++]);
        if (first < 0x80) {
            continue;
        }
        unsigned more;
        uint32_t character;
        uint32_t least;
        if (first >= 0xc2 && first < 0xe0) {
            more = 1;
            character = first & 0x1fU;
            least = 0x80;
        } else if (first >= 0xe0 && first < 0xf0) {
            more = 2;
            character = first & 0x0fU;
            least = 0x800;
        } else if (first >= 0xf0 && first < 0xf5) {
            more = 3;
            character = first & 0x07U;
            least = 0x10000;
        } else {
            return -1;
        }
        for (; more > 0; more--) {
            if (i == text.size()) {
                return -1;
            }
            const auto next = static_cast<unsigned char>(text[i++]);
            if ((next & 0xc0U) != 0x80) {
                return -1;
            }
            character = character << 6 | (next & 0x3fU);
        }
        const bool surrogate = character >= 0xd800 && character < 0xe000;
        if (character < least || character > 0x10ffff || surrogate) {
            return -1;
        }
    }
    return count;
}

}
