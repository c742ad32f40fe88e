#include <connect/metadata.h>

#include "protocol/text.h"

#include <algorithm>

namespace connectrpc {

namespace {

void toLower(std::string& name)
{
    for (char& c : name) {
        if (c >= 'A' && c <= 'Z') {
            c = static_cast<char>(c - 'A' + 'a');
        }
    }
}

}

void Metadata::add(std::string name, std::string value)
{
    toLower(name);
    entries.emplace_back(std::move(name), std::move(value));
}

void Metadata::set(std::string name, std::string value)
{
    toLower(name);
    erase(name);
    entries.emplace_back(std::move(name), std::move(value));
}

void Metadata::erase(std::string_view name)
{
    std::erase_if(entries,
                  [&](const Entry& entry) { return entry.first == name; });
}

std::optional<std::string_view> Metadata::get(std::string_view name) const
{
    const auto found =
      std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) {
          return entry.first == name;
      });
    if (found == entries.end()) {
        return std::nullopt;
    }
    return found->second;
}

std::vector<std::string_view> Metadata::getAll(std::string_view name) const
{
    std::vector<std::string_view> values;
    for (const auto& [entryName, value] : entries) {
        if (entryName == name) {
            values.emplace_back(value);
        }
    }
    return values;
}

std::string encodeBinary(std::string_view bytes)
{
    return protocol::encodeBase64(bytes);
}

std::optional<std::string> decodeBinary(std::string_view text)
{
    return protocol::decodeBase64(text);
}

}
