#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace connectrpc::protocol {

std::string gzip(std::string_view bytes);

enum class GunzipFailure
{
    Malformed,
    TooLarge,
};

// Never makes more than `maxBytes`, whatever the input says. Sets `failure`
// when there is no result.
std::optional<std::string> gunzip(std::string_view bytes,
                                  size_t maxBytes,
                                  GunzipFailure& failure);

}
