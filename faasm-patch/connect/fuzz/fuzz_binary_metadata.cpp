// Values of `-bin` headers.

#include "input.h"

#include <connect/metadata.h>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    const std::string input(reinterpret_cast<const char*>(data), size);
    (void)connectrpc::decodeBinary(input);
    const std::string text = connectrpc::encodeBinary(input);
    const auto back = connectrpc::decodeBinary(text);
    fuzz::require(back && *back == input, "base64 that does not come back");
    return 0;
}
