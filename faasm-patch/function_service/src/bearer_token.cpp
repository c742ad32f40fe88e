#include "bearer_token.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <string_view>

namespace function_service {

namespace {

constexpr std::string_view SCHEME = "bearer ";

bool hasScheme(std::string_view value)
{
    if (value.size() < SCHEME.size()) {
        return false;
    }
    for (size_t i = 0; i < SCHEME.size(); i++) {
        const char c = value[i];
        const char lower =
          c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
        if (lower != SCHEME[i]) {
            return false;
        }
    }
    return true;
}

}

bool isAuthorized(const connectrpc::Metadata& headers, const std::string& token)
{
    if (token.empty()) {
        return true;
    }
    const auto value = headers.get("authorization");
    if (!value || !hasScheme(*value)) {
        return false;
    }
    const std::string_view given = value->substr(SCHEME.size());
    // Digests have one length, so that the token's does not show.
    unsigned char expected[SHA256_DIGEST_LENGTH];
    unsigned char actual[SHA256_DIGEST_LENGTH];
    SHA256(reinterpret_cast<const unsigned char*>(token.data()),
           token.size(),
           expected);
    SHA256(reinterpret_cast<const unsigned char*>(given.data()),
           given.size(),
           actual);
    return CRYPTO_memcmp(expected, actual, sizeof(expected)) == 0;
}

}
