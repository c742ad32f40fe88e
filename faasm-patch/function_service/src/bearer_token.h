#pragma once

#include <connect/metadata.h>

#include <string>

namespace function_service {

// Whether the headers carry the token, in a time that does not tell how much of
// it is right. Nothing is asked for when `token` is empty.
bool isAuthorized(const connectrpc::Metadata& headers,
                  const std::string& token);

}
