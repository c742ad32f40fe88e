#include "server_frame.h"

namespace function_service {

namespace {

// Tags of the fields in function_service.proto.
constexpr char FRAME_SEQUENCE = 0x08;
constexpr char FRAME_WELCOME = 0x12;
constexpr char FRAME_CREDITS = 0x18;
constexpr char FRAME_RESULTS = 0x22;
constexpr char FRAME_GO_AWAY = 0x2a;
constexpr char RESULT_ID = 0x08;
constexpr char RESULT_OUTPUT = 0x12;
constexpr char RESULT_ERROR = 0x1a;
constexpr char RESULT_TIMINGS = 0x22;
constexpr char TIMINGS_QUEUED = 0x08;
constexpr char TIMINGS_EXECUTED = 0x10;
constexpr char TIMINGS_COLD = 0x18;
constexpr char TIMINGS_ARRIVED = 0x20;
constexpr char ERROR_KIND = 0x08;
constexpr char ERROR_MESSAGE = 0x12;
constexpr char ERROR_MAY_HAVE_RUN = 0x18;

size_t varintSize(uint64_t value)
{
    size_t size = 1;
    for (; value >= 0x80; value >>= 7) {
        size++;
    }
    return size;
}

size_t numberFieldSize(uint64_t value)
{
    return value == 0 ? 0 : 1 + varintSize(value);
}

size_t delimitedSize(size_t length)
{
    return 1 + varintSize(length) + length;
}

size_t errorSize(const CallError& error)
{
    return numberFieldSize(static_cast<uint8_t>(error.kind)) +
           delimitedSize(error.message.size()) +
           numberFieldSize(error.mayHaveRun);
}

size_t timingsSize(const ResultTimings& timings)
{
    return numberFieldSize(timings.queuedUs) +
           numberFieldSize(timings.executedUs) + numberFieldSize(timings.cold) +
           numberFieldSize(timings.arrivedAtUs);
}

size_t outcomeSize(const FrameResult& result)
{
    const auto* error = std::get_if<CallError>(&result.outcome);
    return error ? errorSize(*error)
                 : std::get<std::string>(result.outcome).size();
}

size_t resultSize(const FrameResult& result)
{
    return numberFieldSize(result.id) + delimitedSize(outcomeSize(result)) +
           (result.timings ? delimitedSize(timingsSize(*result.timings)) : 0);
}

void putVarint(std::string& out, uint64_t value)
{
    for (; value >= 0x80; value >>= 7) {
        out.push_back(static_cast<char>(value | 0x80));
    }
    out.push_back(static_cast<char>(value));
}

void putNumber(std::string& out, char tag, uint64_t value)
{
    if (value != 0) {
        out.push_back(tag);
        putVarint(out, value);
    }
}

void open(std::string& out, char tag, size_t length)
{
    out.push_back(tag);
    putVarint(out, length);
}

void putBytes(std::string& out, char tag, std::string_view bytes)
{
    open(out, tag, bytes.size());
    out.append(bytes);
}

void putTimings(std::string& out, const ResultTimings& timings)
{
    open(out, RESULT_TIMINGS, timingsSize(timings));
    putNumber(out, TIMINGS_QUEUED, timings.queuedUs);
    putNumber(out, TIMINGS_EXECUTED, timings.executedUs);
    putNumber(out, TIMINGS_COLD, timings.cold);
    putNumber(out, TIMINGS_ARRIVED, timings.arrivedAtUs);
}

void putResult(std::string& out, const FrameResult& result)
{
    open(out, FRAME_RESULTS, resultSize(result));
    putNumber(out, RESULT_ID, result.id);
    if (const auto* error = std::get_if<CallError>(&result.outcome)) {
        open(out, RESULT_ERROR, errorSize(*error));
        putNumber(out, ERROR_KIND, static_cast<uint8_t>(error->kind));
        putBytes(out, ERROR_MESSAGE, error->message);
        putNumber(out, ERROR_MAY_HAVE_RUN, error->mayHaveRun);
    } else {
        // Also when it is empty: it says which of the outcomes there is.
        putBytes(out, RESULT_OUTPUT, std::get<std::string>(result.outcome));
    }
    if (result.timings) {
        putTimings(out, *result.timings);
    }
}

}

size_t resultFieldSize(const FrameResult& result)
{
    return delimitedSize(resultSize(result));
}

std::string encodeResults(uint64_t sequence,
                          const FrameResult* first,
                          const FrameResult* last)
{
    size_t size = numberFieldSize(sequence);
    for (const auto* result = first; result != last; result++) {
        size += resultFieldSize(*result);
    }
    std::string out;
    out.reserve(size);
    putNumber(out, FRAME_SEQUENCE, sequence);
    for (const auto* result = first; result != last; result++) {
        putResult(out, *result);
    }
    return out;
}

std::string encodeWelcome(std::string_view welcome)
{
    std::string out;
    putBytes(out, FRAME_WELCOME, welcome);
    return out;
}

std::string encodeGoAway(std::string_view goAway)
{
    std::string out;
    putBytes(out, FRAME_GO_AWAY, goAway);
    return out;
}

std::string encodeCredits(uint32_t credits)
{
    std::string out;
    open(out, FRAME_CREDITS, credits);
    return out;
}

}
