#pragma once

#include <connect/server.h>
#include <function_service/options.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace function_server {

// What the command line says.
struct Flags
{
    bool help = false;
    connectrpc::ServerOptions server = {};
    function_service::ServiceOptions service = {};
    uint32_t slots = 64;
    unsigned threads = 2;
    std::chrono::milliseconds drain{ 10'000 };
    std::optional<uint16_t> metricsPort = {};
    std::pair<std::chrono::milliseconds, std::chrono::milliseconds> echoDelay{
        0,
        0
    };
    std::string journal = {};
};

class FlagError : public std::runtime_error
{
  public:
    using std::runtime_error::runtime_error;
};

// Throws FlagError.
Flags parseFlags(const std::vector<std::string>& arguments);

std::string helpText();

}
