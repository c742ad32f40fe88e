#pragma once

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>
#include <new>
#include <string_view>

namespace connectrpc::http {

inline std::string_view viewOf(const uint8_t* bytes, size_t length)
{
    return { reinterpret_cast<const char*>(bytes), length };
}

inline nghttp2_nv fieldOf(std::string_view name, std::string_view value)
{
    // nghttp2 copies both.
    return { reinterpret_cast<uint8_t*>(const_cast<char*>(name.data())),
             reinterpret_cast<uint8_t*>(const_cast<char*>(value.data())),
             name.size(),
             value.size(),
             NGHTTP2_NV_FLAG_NONE };
}

inline void check(int result)
{
    // All that can go wrong where this is used is memory.
    if (result == NGHTTP2_ERR_NOMEM) {
        throw std::bad_alloc();
    }
}

}
