#pragma once

#include <function_service/invoker.h>

namespace function_service {

// A client may send any number; one that is unknown asks for nothing.
inline TimingsLevel timingsLevelOf(int32_t number)
{
    switch (number) {
        case 1:
            return TimingsLevel::Brief;
        case 2:
            return TimingsLevel::Detailed;
        default:
            return TimingsLevel::None;
    }
}

}
