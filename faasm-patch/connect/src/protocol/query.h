#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace connectrpc::protocol {

// What a Connect GET says in its query. The first of several values counts.
// https://connectrpc.com/docs/protocol#unary-get-request
struct GetQuery
{
    std::optional<std::string> connect = {};
    std::optional<std::string> encoding = {};
    std::optional<std::string> compression = {};
    std::optional<std::string> base64 = {};
    std::optional<std::string> message = {};
};

// Nothing when the query is malformed.
std::optional<GetQuery> parseGetQuery(std::string_view query);

}
