#include <connect/code.h>

#include <array>

namespace connectrpc {

namespace {

struct CodeInfo
{
    std::string_view name;
    int httpStatus;
};

// By number, from 1 on.
constexpr std::array<CodeInfo, 16> infos{ {
  { "canceled", 499 },
  { "unknown", 500 },
  { "invalid_argument", 400 },
  { "deadline_exceeded", 504 },
  { "not_found", 404 },
  { "already_exists", 409 },
  { "permission_denied", 403 },
  { "resource_exhausted", 429 },
  { "failed_precondition", 400 },
  { "aborted", 409 },
  { "out_of_range", 400 },
  { "unimplemented", 501 },
  { "internal", 500 },
  { "unavailable", 503 },
  { "data_loss", 500 },
  { "unauthenticated", 401 },
} };

// A number that is no code is unknown.
const CodeInfo& infoOf(Code code)
{
    const auto index = static_cast<size_t>(code) - 1;
    return infos[index < infos.size() ? index : 1];
}

}

std::string_view codeName(Code code)
{
    return infoOf(code).name;
}

std::optional<Code> codeFromName(std::string_view name)
{
    for (size_t i = 0; i < infos.size(); i++) {
        if (infos[i].name == name) {
            return static_cast<Code>(i + 1);
        }
    }
    return std::nullopt;
}

int httpStatusOf(Code code)
{
    return infoOf(code).httpStatus;
}

}
