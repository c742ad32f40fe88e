#include "flags.h"

#include <charconv>
#include <fstream>
#include <functional>
#include <limits>

namespace function_server {

namespace {

struct Flag
{
    const char* name;
    const char* value;
    const char* help;
    std::function<void(Flags&, const std::string&)> set;
};

template<typename Number>
Number parseNumber(const std::string& text, uint64_t least = 0)
{
    uint64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || rest != end || text.empty() || number < least ||
        number > std::numeric_limits<Number>::max()) {
        throw FlagError("'" + text + "' is not a number from " +
                        std::to_string(least) + " to " +
                        std::to_string(std::numeric_limits<Number>::max()));
    }
    return static_cast<Number>(number);
}

std::chrono::milliseconds parseMs(const std::string& text)
{
    return std::chrono::milliseconds(parseNumber<uint32_t>(text));
}

std::pair<std::chrono::milliseconds, std::chrono::milliseconds> parseRange(
  const std::string& text)
{
    const size_t dash = text.find('-');
    if (dash == std::string::npos) {
        throw FlagError("'" + text + "' is not like 0-20");
    }
    const auto least = parseMs(text.substr(0, dash));
    const auto most = parseMs(text.substr(dash + 1));
    if (most < least) {
        throw FlagError("'" + text + "' ends before it begins");
    }
    return { least, most };
}

std::string readToken(const std::string& file)
{
    std::ifstream stream(file);
    std::string token;
    std::getline(stream, token);
    if (token.empty()) {
        throw FlagError("the first line of " + file + " is no token");
    }
    return token;
}

connectrpc::TlsOptions& tlsOf(Flags& flags)
{
    if (!flags.server.tls) {
        flags.server.tls = connectrpc::TlsOptions{};
    }
    return *flags.server.tls;
}

const std::vector<Flag>& allFlags()
{
    using Text = const std::string&;
    static const std::vector<Flag> flags{
        { "--host",
          "ADDRESS",
          "to listen on (127.0.0.1)",
          [](Flags& f, Text v) { f.server.host = v; } },
        { "--port",
          "N",
          "to listen on (0: any free one)",
          [](Flags& f, Text v) { f.server.port = parseNumber<uint16_t>(v); } },
        { "--slots",
          "N",
          "calls that run at once (64)",
          [](Flags& f, Text v) { f.slots = parseNumber<uint32_t>(v, 1); } },
        { "--queue",
          "N",
          "calls that wait for a slot (1024)",
          [](Flags& f, Text v) {
              f.service.maxQueuedCalls = parseNumber<uint32_t>(v);
          } },
        { "--threads",
          "N",
          "that burn CPU (2)",
          [](Flags& f, Text v) { f.threads = parseNumber<uint16_t>(v, 1); } },
        { "--io-threads",
          "N",
          "for the network (2)",
          [](Flags& f, Text v) {
              f.server.ioThreads = parseNumber<uint16_t>(v, 1);
          } },
        { "--token-file",
          "FILE",
          "clients have to send this bearer token",
          [](Flags& f, Text v) { f.service.bearerToken = readToken(v); } },
        { "--tls-cert",
          "FILE",
          "PEM; serve TLS",
          [](Flags& f, Text v) { tlsOf(f).certificateFile = v; } },
        { "--tls-key",
          "FILE",
          "PEM",
          [](Flags& f, Text v) { tlsOf(f).keyFile = v; } },
        { "--client-ca",
          "FILE",
          "PEM; clients need a certificate of it",
          [](Flags& f, Text v) {
              tlsOf(f).clientCaFile = v;
              tlsOf(f).requireClientCertificate = true;
          } },
        { "--metrics-port",
          "N",
          "serve GET /metrics by HTTP/1.1 on the same address",
          [](Flags& f, Text v) { f.metricsPort = parseNumber<uint16_t>(v); } },
        { "--drain-ms",
          "N",
          "longest wait for open calls on SIGTERM (10000)",
          [](Flags& f, Text v) { f.drain = parseMs(v); } },
        { "--timeout-ms",
          "N",
          "of calls that have none of their own (30000)",
          [](Flags& f, Text v) { f.service.timeout = parseMs(v); } },
        { "--credits",
          "N",
          "unanswered calls of a session (slots and queue, at most 1024)",
          [](Flags& f, Text v) {
              f.service.credits = parseNumber<uint32_t>(v, 1);
          } },
        { "--resume-window-ms",
          "N",
          "that a session without a stream is kept (30000)",
          [](Flags& f, Text v) { f.service.resumeWindow = parseMs(v); } },
        { "--max-sessions",
          "N",
          "(1000)",
          [](Flags& f, Text v) {
              f.service.maxSessions = parseNumber<uint32_t>(v, 1);
          } },
        { "--max-bindings",
          "N",
          "of a stream (10000)",
          [](Flags& f, Text v) {
              f.service.maxBindings = parseNumber<uint32_t>(v, 1);
          } },
        { "--max-frame-bytes",
          "N",
          "of a client's frame (1048576)",
          [](Flags& f, Text v) {
              f.service.maxFrameBytes = parseNumber<uint32_t>(v, 1);
          } },
        { "--max-retained-bytes",
          "N",
          "of a session's unacknowledged results (16777216)",
          [](Flags& f, Text v) {
              f.service.maxRetainedBytes = parseNumber<uint32_t>(v, 1);
          } },
        { "--max-kept-bytes",
          "N",
          "of all sessions' unacknowledged results (268435456)",
          [](Flags& f, Text v) {
              f.service.maxKeptBytes = parseNumber<uint32_t>(v, 1);
          } },
        { "--max-connections",
          "N",
          "(10000)",
          [](Flags& f, Text v) {
              f.server.maxConnections = parseNumber<uint32_t>(v, 1);
          } },
        { "--echo-delay-ms",
          "A-B",
          "echo answers after a random time from A to B (0-0)",
          [](Flags& f, Text v) { f.echoDelay = parseRange(v); } },
        { "--journal",
          "FILE",
          "append a line for each run that starts, and ends",
          [](Flags& f, Text v) { f.journal = v; } },
    };
    return flags;
}

void check(const Flags& flags)
{
    const auto& tls = flags.server.tls;
    if (tls && (tls->certificateFile.empty() || tls->keyFile.empty())) {
        throw FlagError("TLS needs --tls-cert and --tls-key");
    }
}

}

Flags parseFlags(const std::vector<std::string>& arguments)
{
    Flags flags;
    for (size_t i = 0; i < arguments.size(); i++) {
        const std::string& argument = arguments[i];
        if (argument == "--help") {
            flags.help = true;
            return flags;
        }
        const Flag* found = nullptr;
        for (const auto& flag : allFlags()) {
            if (argument == flag.name) {
                found = &flag;
            }
        }
        if (!found) {
            throw FlagError("there is no flag " + argument);
        }
        if (i + 1 == arguments.size()) {
            throw FlagError(argument + " needs a value");
        }
        try {
            found->set(flags, arguments[++i]);
        } catch (const FlagError& error) {
            throw FlagError(argument + ": " + error.what());
        }
    }
    check(flags);
    return flags;
}

std::string helpText()
{
    std::string text =
      "function_server: faasm.rpc.v1.FunctionService over functions of this "
      "process.\n\n"
      "Functions, of any user: echo; slow (answers after the milliseconds in "
      "its input);\nburn (keeps a CPU busy as long); big (an output of as many "
      "bytes as its input\nsays); trap (fails); never (ends at its "
      "deadline).\n\n";
    for (const auto& flag : allFlags()) {
        std::string left = std::string("  ") + flag.name + " " + flag.value;
        left.resize(std::max<size_t>(left.size() + 2, 30), ' ');
        text += left + flag.help + "\n";
    }
    return text;
}

}
