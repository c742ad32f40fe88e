#include "run_result.h"

#include <hono_faasm/runs.h>

#include <string>
#include <string_view>

namespace hono_faasm {

using function_service::CallError;
using function_service::ErrorKind;

namespace {

// Of what Faasm reports there are only texts.
constexpr std::string_view NO_FAASLET = "Error trying to claim executor";
constexpr std::string_view THREW = " threw exception. What: ";
constexpr std::string_view TIME_LIMIT = "time limit exceeded";
constexpr std::string_view OUTPUT_BOUNDS = "output out of bounds";

bool contains(std::string_view text, std::string_view part)
{
    return text.find(part) != std::string_view::npos;
}

CallError noFaaslet(const std::string& name, std::string_view why)
{
    const bool missing = contains(why, "not exist") ||
                         contains(why, "NoSuchKey") ||
                         contains(why, "not found");
    if (missing) {
        return { ErrorKind::UnknownFunction,
                 "there is no function " + name,
                 false };
    }
    return { ErrorKind::InvalidFunction,
             name + " can't be loaded: " + std::string(why),
             false };
}

}

decltype(function_service::Outcome::result) toResult(
  const faabric::Message& result)
{
    const auto name = result.user() + "/" + result.function();
    const std::string& output = result.outputdata();
    const std::string_view text = output;

    switch (result.returnvalue()) {
        case 0:
            return output;
        case HOST_LOST_RETURN_VALUE:
            return CallError{ ErrorKind::Unavailable,
                              "the worker that ran " + name + " has gone",
                              true };
        case NOT_SENT_RETURN_VALUE:
            return CallError{ ErrorKind::Unavailable,
                              "the worker for " + name + " can't be reached",
                              false };
        default:
            break;
    }
    if (text.starts_with(NO_FAASLET)) {
        return noFaaslet(name, text);
    }
    const auto at = text.find(THREW);
    if (at == std::string_view::npos) {
        return CallError{ ErrorKind::Trap,
                          name + " ended with exit code " +
                            std::to_string(result.returnvalue()),
                          true };
    }
    const auto why = text.substr(at + THREW.size());
    if (contains(why, TIME_LIMIT)) {
        return CallError{ ErrorKind::Timeout,
                          name + " did not end within its time limit",
                          true };
    }
    if (contains(why, OUTPUT_BOUNDS)) {
        return CallError{ ErrorKind::Trap,
                          name + " wrote an output outside its memory",
                          true };
    }
    return CallError{ ErrorKind::Trap,
                      name + " trapped: " + std::string(why),
                      true };
}

}
