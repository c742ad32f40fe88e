#include "fake_client.h"
#include "fake_invoker.h"

#include <catch2/catch.hpp>

#include <atomic>
#include <deque>
#include <map>
#include <random>
#include <set>
#include <thread>

using function_service::FunctionService;
using function_service::ServiceOptions;
using tests::ChannelClient;
using tests::FakeInvoker;
namespace rpc = faasm::rpc::v1;

namespace {

// A client that loses its connections at random, on both ways, and keeps the
// contract otherwise.
class Model
{
  public:
    Model(FunctionService& service, uint32_t seed)
      : client(service)
      , random(seed)
    {}

    void run(uint64_t calls)
    {
        connect(false);
        while (answers.size() < calls) {
            if (chance(3)) {
                reconnect();
            } else if (lastSent < calls && lastSent - answers.size() < 50) {
                sendCalls(calls);
            }
            receive();
        }
    }

    std::map<uint64_t, std::string> answers;
    int connections = 0;
    bool repeated = false;
    // A result has timings that its call did not ask for, or lacks them.
    bool mistold = false;

  private:
    bool chance(unsigned percent) { return random() % 100 < percent; }

    void sendCalls(uint64_t calls)
    {
        rpc::ChannelRequest frame;
        for (auto count = random() % 5; count > 0 && lastSent < calls;
             count--) {
            add(frame, ++lastSent);
        }
        if (chance(30)) {
            frame.set_ack(received);
        }
        write(frame);
    }

    // The last of them is none that there is.
    static rpc::TimingsLevel levelOf(uint64_t id)
    {
        return static_cast<rpc::TimingsLevel>(id % 4);
    }

    static void add(rpc::ChannelRequest& frame, uint64_t id)
    {
        auto& call = *frame.add_calls();
        call.set_id(id);
        call.set_binding(1 + id % 2);
        call.set_input("input " + std::to_string(id));
        call.set_timings(levelOf(id));
    }

    // Frames are lost from some point on, until the connection is new.
    void write(const rpc::ChannelRequest& frame)
    {
        cut = cut || chance(1);
        if (!cut) {
            client.send(frame);
        }
    }

    void reconnect()
    {
        if (chance(50)) {
            // What is on its way is lost.
            client.stream->receive();
            client.stream->drop();
        }
        connect(true);
    }

    void connect(bool resume)
    {
        connections++;
        cut = false;
        // A stream that is still there is taken over.
        const auto old = std::move(client.stream);
        client.open(received, resume);
        client.bind(1, "later");
        client.bind(2, "echo");
        const auto frames = client.receive();
        const auto& welcome = frames.at(0).welcome();
        rpc::ChannelRequest frame;
        for (uint64_t id = welcome.last_call_id() + 1; id <= lastSent; id++) {
            add(frame, id);
        }
        take(frames);
        client.send(frame);
    }

    void receive() { take(client.receive()); }

    void take(const std::vector<rpc::ChannelResponse>& frames)
    {
        for (const auto& frame : frames) {
            if (frame.sequence() == 0) {
                continue;
            }
            repeated = repeated || frame.sequence() != received + 1;
            received = frame.sequence();
            for (const auto& result : frame.results()) {
                repeated =
                  repeated ||
                  !answers.emplace(result.id(), result.output()).second;
                const auto level = levelOf(result.id());
                const bool asked = level == rpc::TIMINGS_LEVEL_BRIEF ||
                                   level == rpc::TIMINGS_LEVEL_DETAILED;
                mistold = mistold || result.has_timings() != asked;
            }
        }
    }

    ChannelClient client;
    std::mt19937 random;
    uint64_t lastSent = 0;
    uint64_t received = 0;
    bool cut = false;
};

void check(const Model& model, FakeInvoker& invoker, uint64_t calls)
{
    CHECK_FALSE(model.repeated);
    CHECK_FALSE(model.mistold);
    REQUIRE(model.answers.size() == calls);
    const auto runs = invoker.getRuns();
    CHECK(runs.size() == calls);
    bool ok = true;
    for (const auto& [id, output] : model.answers) {
        const std::string input = "input " + std::to_string(id);
        ok = ok && output == input && runs.at(input) == 1;
    }
    CHECK(ok);
    CHECK(model.connections > 5);
}

}

TEST_CASE("every call is run once and answered once, whatever is lost",
          "[model]")
{
    constexpr uint64_t CALLS = 2000;
    for (uint32_t seed = 1; seed <= 20; seed++) {
        INFO("seed " << seed);
        FakeInvoker invoker;
        invoker.slots = 10;
        ServiceOptions options;
        // Calls are held back, but nothing has to be dropped: 50 results fit
        // between the bound and twice the bound.
        options.maxRetainedBytes = 2000;
        FunctionService service(invoker, options);
        Model model(service, seed);
        std::atomic<bool> done{ false };
        // Answers come from other threads.
        std::vector<std::thread> threads;
        for (uint32_t n = 0; n < 2; n++) {
            threads.emplace_back([&, n] {
                std::mt19937 random(seed + n);
                while (!done) {
                    if (!invoker.answer(random())) {
                        std::this_thread::yield();
                    }
                }
            });
        }
        model.run(CALLS);
        done = true;
        for (auto& thread : threads) {
            thread.join();
        }
        check(model, invoker, CALLS);
    }
}
