// Clients of the channel, and of Invoke, over functions that answer when the
// input says so. The input is a program: an instruction a byte, then its
// operands. Streams open, resume and take over each other's sessions, with
// frames that are right, nearly right, and no frames at all.

#include "call_limits.h"
#include "channel_stream.h"
#include "fake_call.h"
#include "fake_invoker.h"
#include "input.h"
#include "invoke_handler.h"

#include "faasm/rpc/v1/function_service.pb.h"

#include <connect/typed.h>

#include <algorithm>
#include <array>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace function_service;
namespace rpc = faasm::rpc::v1;

constexpr size_t STREAMS = 4;
constexpr size_t SESSIONS = 3;

ServiceOptions smallBounds()
{
    ServiceOptions options;
    options.maxInputBytes = 3'500;
    options.maxOutputBytes = 3'000;
    options.maxRetainedBytes = 2'000;
    options.maxKeptBytes = 6'000;
    options.maxSessions = SESSIONS - 1;
    options.maxBindings = 4;
    options.maxQueuedCalls = 4;
    options.maxQueuedBytes = 6'000;
    options.maxUnsentBytesPerStream = 4'000;
    return options;
}

class Program
{
  public:
    explicit Program(std::string_view bytes)
      : bytes(bytes)
    {}

    bool atEnd() const { return bytes.empty(); }

    uint8_t byte()
    {
        if (bytes.empty()) {
            return 0;
        }
        const auto value = static_cast<uint8_t>(bytes.front());
        bytes.remove_prefix(1);
        return value;
    }

    std::string_view take(size_t length)
    {
        const std::string_view taken = bytes.substr(0, length);
        bytes.remove_prefix(taken.size());
        return taken;
    }

  private:
    std::string_view bytes;
};

// Timers that never fire, which a run is too short for: on a busy machine their
// thread would take most of its time.
std::shared_ptr<Timers> stoppedTimers()
{
    static const auto made = [] {
        auto timers = std::make_shared<Timers>();
        timers->stop();
        return timers;
    }();
    return made;
}

// A call, and the strand that its handler runs on.
template<typename Handler>
struct Strand
{
    template<typename... Arguments>
    explicit Strand(connectrpc::Codec codec, Arguments&&... arguments)
    {
        call->itsCodec = codec;
        handler = std::make_shared<Handler>(
          call, std::forward<Arguments>(arguments)...);
    }

    ~Strand() { handler->onClosed(std::nullopt); }

    const std::shared_ptr<tests::FakeCall> call =
      std::make_shared<tests::FakeCall>();
    std::shared_ptr<Handler> handler;
};

// A client's end of a stream. What the server sends has to keep the contract.
class Peer
{
  public:
    Peer(connectrpc::Codec codec,
         const std::shared_ptr<Sessions>& sessions,
         const std::shared_ptr<Timers>& timers,
         const std::shared_ptr<Counters>& counters)
      : stream(codec, sessions, timers, counters)
    {}

    void send(const rpc::ChannelRequest& frame)
    {
        sendRaw(connectrpc::encode(frame, stream.call->codec()));
    }

    void sendRaw(std::string bytes)
    {
        if (!ended && !stream.call->isOver()) {
            stream.handler->onMessage(std::move(bytes));
        }
    }

    void end()
    {
        if (!ended && !stream.call->isOver()) {
            ended = true;
            stream.handler->onEnd();
        }
    }

    void stall() { stream.call->stall(true); }

    // Of the last frame with results that it has read.
    uint64_t lastSequence() const { return sequence; }

    size_t session = 0;

    void read()
    {
        if (stream.call->isOver()) {
            return;
        }
        stream.call->stall(false);
        stream.handler->onWritable();
        while (stream.call->takeWake()) {
            stream.handler->onWake();
        }
        for (const std::string& bytes : stream.call->takeSent()) {
            const auto frame = connectrpc::decode<rpc::ChannelResponse>(
              bytes, stream.call->codec());
            fuzz::require(frame.has_value(), "a frame that is one");
            check(*frame);
        }
    }

  private:
    void check(const rpc::ChannelResponse& frame)
    {
        fuzz::require(frame.has_welcome() == first,
                      "the first frame is the welcome, and no other");
        first = false;
        fuzz::require((frame.sequence() > 0) == (frame.results_size() > 0),
                      "frames with results have a number");
        if (frame.sequence() > 0) {
            fuzz::require(sequence == 0 || frame.sequence() == sequence + 1,
                          "numbers ascend by one");
            sequence = frame.sequence();
        }
        for (const auto& result : frame.results()) {
            fuzz::require(answered.insert(result.id()).second,
                          "a call is answered once");
            fuzz::require(result.outcome_case() != rpc::Result::OUTCOME_NOT_SET,
                          "an answer is one");
        }
    }

    Strand<ChannelStream> stream;
    bool ended = false;
    bool first = true;
    uint64_t sequence = 0;
    std::set<uint64_t> answered;
};

class World
{
  public:
    World()
    {
        invoker.slots = 3;
        invoker.onCapacityChange([this] {
            queue->capacityChanged();
            sessions->setCredits(creditsOf(options, invoker.slots));
        });
    }

    void run(Program& program)
    {
        while (!program.atEnd()) {
            step(program);
        }
        for (const auto& [input, times] : invoker.getRuns()) {
            fuzz::require(times == 1 || !input.starts_with(OURS),
                          "a call is run once");
        }
        // Twice the bound, each session's share, and what crosses both.
        const auto most = static_cast<int64_t>(options.maxKeptBytes);
        fuzz::require(kept->get() <= 4 * most, "what is kept is bounded");
        for (auto& peer : peers) {
            if (peer) {
                peer->read();
            }
        }
        sessions->close();
        queue->close();
        invokes.clear();
        peers = {};
        fuzz::require(sessions->size() == 0, "no session is left");
        fuzz::require(invoker.running() == 0, "nothing runs on");
        fuzz::require(kept->get() == 0, "nothing is kept");
        fuzz::require(queue->waiting() == 0 && queue->running() == 0 &&
                        queue->waitingBytes() == 0,
                      "nothing waits");
    }

  private:
    // Inputs of the program's own calls begin with it, and are never the same.
    static constexpr std::string_view OURS = "\xfe the program's call ";

    std::unique_ptr<Peer> open(connectrpc::Codec codec)
    {
        return std::make_unique<Peer>(codec, sessions, timers, counters);
    }

    void step(Program& program)
    {
        const uint8_t instruction = program.byte();
        auto& peer = peers[instruction % STREAMS];
        switch (instruction / STREAMS % 16) {
            case 0:
                peer = open(connectrpc::Codec::Proto);
                peer->send(frameOf(program, *peer, true));
                break;
            case 1:
                peer = open(program.byte() & 1 ? connectrpc::Codec::Json
                                               : connectrpc::Codec::Proto);
                break;
            case 2:
                peer.reset();
                break;
            case 3:
            case 4:
            case 5:
                if (peer) {
                    peer->send(frameOf(program, *peer, false));
                }
                break;
            case 6:
                if (peer) {
                    peer->send(frameOf(program, *peer, true));
                }
                break;
            case 7:
                if (peer) {
                    peer->sendRaw(std::string(program.take(program.byte())));
                }
                break;
            case 8:
                if (peer) {
                    peer->sendRaw(damaged(program, *peer));
                }
                break;
            case 9:
                if (peer) {
                    peer->end();
                }
                break;
            case 10:
                if (peer) {
                    peer->stall();
                }
                break;
            case 11:
            case 12:
                if (peer) {
                    peer->read();
                    auto& last = read.at(peer->session);
                    last = std::max(last, peer->lastSequence());
                }
                break;
            case 13:
                invoker.answer(program.byte());
                break;
            case 14:
                invoker.busy = 0;
                invoker.setSlots(program.byte() % 8);
                break;
            case 15:
                seldom(program);
                break;
        }
    }

    void seldom(Program& program)
    {
        switch (program.byte() % 8) {
            case 0:
                sessions->drain("the server shuts down",
                                std::chrono::steady_clock::now());
                break;
            case 1:
                invoker.busy = program.byte() % 3;
                break;
            case 2:
                if (!invokes.empty()) {
                    invokes.pop_back();
                }
                break;
            default:
                invokes.push_back(std::make_unique<Strand<InvokeHandler>>(
                  connectrpc::Codec::Proto, queue, options));
                invokes.back()->handler->onMessage(
                  std::string(program.take(program.byte())));
        }
    }

    rpc::ChannelRequest frameOf(Program& program, Peer& peer, bool hello)
    {
        rpc::ChannelRequest frame;
        if (hello) {
            const uint8_t which = program.byte();
            auto& it = *frame.mutable_hello();
            it.set_protocol_version(1 + (which >= 0xf0));
            peer.session = which % SESSIONS;
            it.set_session_id(
              std::string(16, static_cast<char>('a' + peer.session)));
            it.set_resume(which & 0x40);
            it.set_received_sequence(
              number(program.byte(), read.at(peer.session)));
        }
        const uint8_t parts = program.byte();
        if (parts & 1) {
            frame.set_ack(number(program.byte(), read.at(peer.session)));
        }
        for (int i = parts >> 1 & 3; i > 0; i--) {
            auto& binding = *frame.add_bindings();
            const uint8_t which = program.byte();
            binding.set_id(which % 8);
            binding.set_user("u");
            binding.set_function(which & 8 ? "echo" : "later");
            binding.set_timeout_ms(which & 16 ? 1 : 0);
        }
        for (int i = parts >> 3 & 7; i > 0; i--) {
            auto& call = *frame.add_calls();
            const uint8_t which = program.byte();
            // Mostly the next one.
            lastCall = which & 0x80 ? program.byte() : lastCall + 1;
            call.set_id(lastCall);
            call.set_binding(which % 8);
            std::string input(OURS);
            input += std::to_string(++inputs);
            input.resize(input.size() + (which >> 3 & 7) * 512, ' ');
            call.set_input(input);
            call.set_timings(static_cast<rpc::TimingsLevel>(lastCall % 4));
        }
        if (parts & 0x40) {
            frame.add_cancels(program.byte());
        }
        return frame;
    }

    // What has been read up to, or a little less; or anything.
    static uint64_t number(uint8_t byte, uint64_t last)
    {
        return byte & 0x80 ? byte & 0x7f
                           : last - std::min<uint64_t>(last, byte);
    }

    // A byte of a frame is another one, or the frame ends early.
    std::string damaged(Program& program, Peer& peer)
    {
        std::string bytes = frameOf(program, peer, false).SerializeAsString();
        const uint8_t where = program.byte();
        const uint8_t what = program.byte();
        if (bytes.empty()) {
            return bytes;
        }
        if (what == 0) {
            bytes.resize(where % bytes.size());
        } else {
            bytes[where % bytes.size()] ^= static_cast<char>(what);
        }
        return bytes;
    }

    const ServiceOptions options = smallBounds();
    tests::FakeInvoker invoker;
    const std::shared_ptr<Timers> timers = stoppedTimers();
    const std::shared_ptr<Counters> counters = std::make_shared<Counters>();
    const std::shared_ptr<connectrpc::SharedBound> kept =
      std::make_shared<connectrpc::SharedBound>(options.maxKeptBytes);
    const std::shared_ptr<AdmissionQueue> queue =
      std::make_shared<AdmissionQueue>(invoker, options, timers, counters);
    const std::shared_ptr<Sessions> sessions = std::make_shared<Sessions>(
      std::make_shared<SessionContext>(
        SessionContext{ options, queue, kept, timers, counters }),
      creditsOf(options, invoker.slots));
    std::vector<std::unique_ptr<Strand<InvokeHandler>>> invokes;
    std::array<std::unique_ptr<Peer>, STREAMS> peers;
    // By session: the number of the last frame that was read.
    std::array<uint64_t, SESSIONS> read{};
    uint64_t lastCall = 0;
    uint64_t inputs = 0;
};

}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    Program program({ reinterpret_cast<const char*>(data), size });
    World().run(program);
    return 0;
}
