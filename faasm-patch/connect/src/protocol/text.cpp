#include "protocol/text.h"

#include <array>
#include <cstdint>

namespace connectrpc::protocol {

namespace {

constexpr std::string_view alphabet =
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<int8_t, 256> makeBase64Values()
{
    std::array<int8_t, 256> values{};
    for (auto& value : values) {
        value = -1;
    }
    for (size_t i = 0; i < alphabet.size(); i++) {
        values[static_cast<unsigned char>(alphabet[i])] =
          static_cast<int8_t>(i);
    }
    values['-'] = 62;
    values['_'] = 63;
    return values;
}

constexpr auto base64Values = makeBase64Values();

int hexValue(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

constexpr std::string_view hexDigits = "0123456789ABCDEF";

// Length of the UTF-8 character that `text` begins with; 0 when it is none.
// https://www.unicode.org/versions/Unicode15.0.0/ch03.pdf table 3-7
size_t utf8Length(std::string_view text)
{
    const auto at = [&](size_t i) {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
    };
    const auto follows = [&](size_t i, int low, int high) {
        return at(i) >= low && at(i) <= high;
    };
    const int first = at(0);
    if (first < 0x80) {
        return 1;
    }
    if (first >= 0xc2 && first <= 0xdf) {
        return follows(1, 0x80, 0xbf) ? 2 : 0;
    }
    if (first >= 0xe0 && first <= 0xef) {
        const int low = first == 0xe0 ? 0xa0 : 0x80;
        const int high = first == 0xed ? 0x9f : 0xbf;
        return follows(1, low, high) && follows(2, 0x80, 0xbf) ? 3 : 0;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        const int low = first == 0xf0 ? 0x90 : 0x80;
        const int high = first == 0xf4 ? 0x8f : 0xbf;
        return follows(1, low, high) && follows(2, 0x80, 0xbf) &&
                   follows(3, 0x80, 0xbf)
                 ? 4
                 : 0;
    }
    return 0;
}

}

std::string encodeBase64(std::string_view bytes)
{
    std::string text;
    text.reserve((bytes.size() * 4 + 2) / 3);
    uint32_t bits = 0;
    int count = 0;
    for (const char c : bytes) {
        bits = bits << 8 | static_cast<unsigned char>(c);
        count += 8;
        while (count >= 6) {
            count -= 6;
            text += alphabet[bits >> count & 63];
        }
    }
    if (count > 0) {
        text += alphabet[bits << (6 - count) & 63];
    }
    return text;
}

std::optional<std::string> decodeBase64(std::string_view text)
{
    for (int i = 0; i < 2 && !text.empty() && text.back() == '='; i++) {
        text.remove_suffix(1);
    }
    if (text.size() % 4 == 1) {
        return std::nullopt;
    }
    std::string bytes;
    bytes.reserve(text.size() * 3 / 4);
    uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
        const int value = base64Values[static_cast<unsigned char>(c)];
        if (value < 0) {
            return std::nullopt;
        }
        bits = bits << 6 | static_cast<uint32_t>(value);
        count += 6;
        if (count >= 8) {
            count -= 8;
            bytes += static_cast<char>(bits >> count & 255);
        }
    }
    return bytes;
}

std::string percentEncode(std::string_view text)
{
    std::string result;
    result.reserve(text.size());
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte <= 0x7e && c != '%') {
            result += c;
        } else {
            result += '%';
            result += hexDigits[byte >> 4];
            result += hexDigits[byte & 15];
        }
    }
    return result;
}

std::optional<std::string> percentDecode(std::string_view text)
{
    std::string result;
    result.reserve(text.size());
    for (size_t i = 0; i < text.size(); i++) {
        if (text[i] == '+') {
            result += ' ';
        } else if (text[i] != '%') {
            result += text[i];
        } else {
            const int high = i + 2 < text.size() ? hexValue(text[i + 1]) : -1;
            const int low = i + 2 < text.size() ? hexValue(text[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return std::nullopt;
            }
            result += static_cast<char>(high * 16 + low);
            i += 2;
        }
    }
    return result;
}

std::string quoteJson(std::string_view text)
{
    std::string result = "\"";
    while (!text.empty()) {
        const size_t length = utf8Length(text);
        const char c = text.front();
        if (length == 0) {
            result += "\xef\xbf\xbd";
        } else if (c == '"' || c == '\\') {
            result += '\\';
            result += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            result += "\\u00";
            result += hexDigits[static_cast<unsigned char>(c) >> 4];
            result += hexDigits[c & 15];
        } else {
            result += text.substr(0, length);
        }
        text.remove_prefix(length == 0 ? 1 : length);
    }
    result += '"';
    return result;
}

}
