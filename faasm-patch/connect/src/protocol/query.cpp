#include "protocol/query.h"

#include "protocol/text.h"

#include <algorithm>

namespace connectrpc::protocol {

std::optional<GetQuery> parseGetQuery(std::string_view query)
{
    GetQuery result;
    while (!query.empty()) {
        const size_t end = std::min(query.find('&'), query.size());
        const std::string_view pair = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        const size_t equals = std::min(pair.find('='), pair.size());
        const auto name = percentDecode(pair.substr(0, equals));
        auto value =
          percentDecode(pair.substr(std::min(equals + 1, pair.size())));
        if (!name || !value) {
            return std::nullopt;
        }
        std::optional<std::string>* field =
          *name == "connect"       ? &result.connect
          : *name == "encoding"    ? &result.encoding
          : *name == "compression" ? &result.compression
          : *name == "base64"      ? &result.base64
          : *name == "message"     ? &result.message
                                   : nullptr;
        if (field != nullptr && !*field) {
            *field = std::move(*value);
        }
    }
    return result;
}

}
