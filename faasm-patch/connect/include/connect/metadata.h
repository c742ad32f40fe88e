#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace connectrpc {

// Headers or trailers: an ordered multimap. Names are lower-case; values are as
// on the wire, so that of a name that ends in `-bin` is still base64 text (see
// decodeBinary). Not thread-safe.
class Metadata
{
  public:
    using Entry = std::pair<std::string, std::string>;

    // Names are turned into lower-case. Does not look for an entry that is
    // there.
    void add(std::string name, std::string value);

    // Replaces all entries of this name.
    void set(std::string name, std::string value);

    void erase(std::string_view name);

    // The first value.
    std::optional<std::string_view> get(std::string_view name) const;

    std::vector<std::string_view> getAll(std::string_view name) const;

    bool contains(std::string_view name) const { return get(name).has_value(); }

    std::vector<Entry>::const_iterator begin() const { return entries.begin(); }
    std::vector<Entry>::const_iterator end() const { return entries.end(); }

    size_t size() const { return entries.size(); }
    bool empty() const { return entries.empty(); }

  private:
    std::vector<Entry> entries;
};

// The value of a `-bin` header. gRPC and Connect write it without padding and
// read it with or without.
std::string encodeBinary(std::string_view bytes);

// Nothing when `text` is not base64.
std::optional<std::string> decodeBinary(std::string_view text);

}
