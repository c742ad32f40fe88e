#include "fake_client.h"
#include "fake_invoker.h"

#include <catch2/catch.hpp>

#include <climits>
#include <memory>
#include <string>
#include <vector>

using connectrpc::Code;
using function_service::FunctionService;
using function_service::ServiceOptions;
using tests::ChannelClient;
using tests::FakeInvoker;
namespace rpc = faasm::rpc::v1;

namespace {

Code endOf(ChannelClient& client)
{
    client.receive();
    REQUIRE(client.stream->call->getError());
    return client.stream->call->getError()->code;
}

int64_t keptBytes(const FunctionService& service)
{
    const std::string text = service.metrics();
    const std::string name = "\nhono_faasm_kept_bytes ";
    return std::stoll(text.substr(text.find(name) + name.size()));
}

}

TEST_CASE("a stream is welcomed, and calls are answered", "[channel]")
{
    FakeInvoker invoker;
    FunctionService service(invoker, {});
    ChannelClient client(service);
    client.open();
    const auto welcome = client.receive().at(0).welcome();
    CHECK_FALSE(welcome.resumed());
    CHECK(welcome.credits() == 1024);
    CHECK(welcome.limits().max_frame_bytes() == 1024 * 1024);
    CHECK(welcome.server_id().size() == 16);

    client.bind(1, "echo");
    client.call(1, 1, "one");
    client.call(2, 1, "");
    // Both were ready when the strand woke: one frame.
    const auto frames = client.receive();
    REQUIRE(frames.size() == 1);
    CHECK(frames[0].sequence() == 1);
    REQUIRE(frames[0].results_size() == 2);
    CHECK(frames[0].results(0).output() == "one");
    CHECK(frames[0].results(1).has_output());
    CHECK(service.sessions() == 1);
}

TEST_CASE("a result has the timings that its call asks for, and no others",
          "[channel]")
{
    FakeInvoker invoker;
    ServiceOptions options;
    options.maxOutputBytes = 5;
    FunctionService service(invoker, options);
    ChannelClient client(service);
    client.open();
    client.bind(1, "echo");
    uint64_t id = 0;
    // An output, or an error.
    for (const char* input : { "x", "too large" }) {
        const auto asking = [&](int level) {
            client.call(++id, 1, input, level);
            return client.results(1).at(0);
        };
        // Numbers that are no level ask for nothing.
        for (const int level : { 0, 3, 256, 257, INT_MAX, -1, INT_MIN }) {
            CHECK_FALSE(asking(level).has_timings());
        }
        const auto brief = asking(rpc::TIMINGS_LEVEL_BRIEF);
        CHECK(brief.has_timings());
        CHECK_FALSE(brief.timings().has_arrived_at_us());
        const auto detailed = asking(rpc::TIMINGS_LEVEL_DETAILED);
        CHECK(detailed.timings().arrived_at_us() > 0);
    }
}

TEST_CASE("an empty frame keeps a stream alive", "[channel]")
{
    FakeInvoker invoker;
    FunctionService service(invoker, {});
    ChannelClient client(service);
    client.open();
    client.send({});
    client.receive();
    CHECK_FALSE(client.stream->call->isOver());
}

TEST_CASE("a session is resumed by what was not received", "[channel]")
{
    FakeInvoker invoker;
    FunctionService service(invoker, {});
    ChannelClient client(service);
    client.open();
    client.bind(1, "echo");
    for (int id = 1; id <= 3; id++) {
        client.call(id, 1, std::to_string(id));
        CHECK(client.results(1).size() == 1);
    }
    client.stream->drop();
    client.open(1, true);
    const auto frames = client.receive();
    REQUIRE(frames.size() == 3);
    CHECK(frames[0].welcome().resumed());
    CHECK(frames[0].welcome().last_call_id() == 3);
    CHECK(frames[1].sequence() == 2);
    CHECK(frames[2].sequence() == 3);
    CHECK(frames[2].results(0).output() == "3");
    // Bindings belong to the stream.
    client.call(4, 1, "4");
    CHECK(endOf(client) == Code::InvalidArgument);
}

TEST_CASE("a client that resumes before what it has acknowledged gets the rest",
          "[channel]")
{
    FakeInvoker invoker;
    FunctionService service(invoker, {});
    ChannelClient client(service);
    client.open();
    client.bind(1, "echo");
    for (int id = 1; id <= 3; id++) {
        client.call(id, 1, std::to_string(id));
        CHECK(client.results(1).size() == 1);
    }
    const uint64_t acknowledged = GENERATE(2, 3);
    client.acknowledge(acknowledged);
    client.stream->drop();
    client.open(1, true);
    const auto frames = client.receive();
    REQUIRE(frames.size() == 4 - acknowledged);
    CHECK(frames[0].welcome().resumed());
    for (size_t i = 1; i < frames.size(); i++) {
        CHECK(frames[i].sequence() == acknowledged + i);
    }
    client.bind(1, "echo");
    client.call(4, 1, "4");
    CHECK(client.results(1).at(0).output() == "4");
}

TEST_CASE("a session is its client certificate's", "[channel]")
{
    FakeInvoker invoker;
    FunctionService service(invoker, {});
    const std::string id = "0123456789abcdef";
    ChannelClient owner(service, id, "CN=one");
    owner.open();
    owner.bind(1, "later");
    owner.call(1, 1, "secret");
    const std::string other = GENERATE("CN=two", "");
    ChannelClient thief(service, id, other);
    thief.open(0, true);
    CHECK(endOf(thief) == Code::Unauthenticated);
    // Nobody has noticed.
    invoker.answer(0);
    CHECK(owner.results(1).at(0).output() == "secret");
    owner.stream->drop();
    owner.open(0, true);
    CHECK(owner.receive().at(0).welcome().resumed());
}

TEST_CASE("a newer stream takes a session over", "[channel]")
{
    FakeInvoker invoker;
    FunctionService service(invoker, {});
    ChannelClient old(service);
    old.open();
    old.bind(1, "later");
    old.call(1, 1, "x");
    ChannelClient next(service);
    next.open(0, true);
    CHECK(endOf(old) == Code::Aborted);
    invoker.answer(0);
    old.stream->drop();
    CHECK(next.results(1).at(0).output() == "x");
}

TEST_CASE("a frame that is wrong ends its stream", "[channel]")
{
    FakeInvoker invoker;
    ServiceOptions options;
    options.credits = 3;
    options.maxBindings = 2;
    options.maxSessions = 1;
    FunctionService service(invoker, options);
    ChannelClient client(service);
    rpc::ChannelRequest frame;

    SECTION("no hello")
    {
        client.stream =
          std::make_unique<tests::Stream>(service, ChannelClient::PATH);
        frame.set_ack(1);
        client.send(frame);
        CHECK(endOf(client) == Code::InvalidArgument);
    }
    SECTION("another version")
    {
        client.stream =
          std::make_unique<tests::Stream>(service, ChannelClient::PATH);
        frame.mutable_hello()->set_protocol_version(7);
        client.send(frame);
        CHECK(endOf(client) == Code::FailedPrecondition);
    }
    SECTION("not protobuf")
    {
        client.open();
        client.stream->send("\x07");
        CHECK(endOf(client) == Code::InvalidArgument);
    }
    SECTION("a length that leaves the frame")
    {
        client.open();
        client.stream->send("\x22\xff\xff\xff\xff\xff\xff\xff\xff\x7f");
        CHECK(endOf(client) == Code::InvalidArgument);
    }
    SECTION("a name that is not UTF-8")
    {
        client.open();
        client.stream->send("\x1a\x09\x08\x01\x12\x01\xff\x1a\x02xx");
        CHECK(endOf(client) == Code::InvalidArgument);
    }
    SECTION("a second hello")
    {
        client.open();
        frame.mutable_hello()->set_protocol_version(1);
        client.send(frame);
        CHECK(endOf(client) == Code::InvalidArgument);
    }
    SECTION("an ack of the future")
    {
        client.open();
        client.acknowledge(1);
        CHECK(endOf(client) == Code::InvalidArgument);
    }
    SECTION("an id that does not ascend")
    {
        client.open();
        client.bind(1, "echo");
        client.call(2, 1, "");
        client.call(2, 1, "");
        CHECK(endOf(client) == Code::InvalidArgument);
    }
    SECTION("more calls than credits")
    {
        client.open();
        client.bind(1, "later");
        for (int id = 1; id <= 4; id++) {
            client.call(id, 1, "");
        }
        CHECK(endOf(client) == Code::ResourceExhausted);
        CHECK(invoker.running() == 3);
    }
    SECTION("more bindings than allowed")
    {
        client.open();
        for (int id = 1; id <= 3; id++) {
            client.bind(id, "echo");
        }
        CHECK(endOf(client) == Code::ResourceExhausted);
    }
    SECTION("a session too many")
    {
        client.open();
        ChannelClient other(service, "fedcba9876543210");
        other.open();
        CHECK(endOf(other) == Code::ResourceExhausted);
        // One without a stream and without anything to lose makes room.
        client.stream->drop();
        other.open();
        CHECK(other.receive().size() == 1);
    }
}

TEST_CASE("a cancelled call is answered once", "[channel]")
{
    FakeInvoker invoker;
    invoker.slots = 1;
    FunctionService service(invoker, {});
    ChannelClient client(service);
    client.open();
    client.bind(1, "later");
    client.call(1, 1, "runs");
    client.call(2, 1, "waits");
    rpc::ChannelRequest frame;
    for (const int id : { 1, 2, 3 }) {
        frame.add_cancels(id);
    }
    client.send(frame);
    const auto results = client.results(2);
    REQUIRE(results.size() == 2);
    for (const auto& result : results) {
        CHECK(result.error().kind() == rpc::ERROR_KIND_CANCELLED);
    }
    client.send(frame);
    CHECK(client.receive().empty());
}

TEST_CASE("calls wait for a slot, within bounds and until their deadline",
          "[queue]")
{
    FakeInvoker invoker;
    invoker.slots = 1;
    ServiceOptions options;
    options.maxQueuedCalls = 2;
    options.credits = 10;
    FunctionService service(invoker, options);
    ChannelClient client(service);
    client.open();
    client.bind(1, "later");
    client.bind(2, "later", 30);
    client.bind(3, "echo");
    client.call(1, 1, "first");
    client.call(2, 2, "late");
    client.call(3, 3, "third", rpc::TIMINGS_LEVEL_BRIEF);
    client.call(4, 3, "too many");
    auto results = client.results(2);
    REQUIRE(results.size() == 2);
    CHECK(results[0].id() == 4);
    CHECK(results[0].error().kind() == rpc::ERROR_KIND_OVERLOADED);
    CHECK_FALSE(results[0].error().may_have_run());
    CHECK(results[1].id() == 2);
    CHECK(results[1].error().kind() == rpc::ERROR_KIND_TIMEOUT);
    CHECK_FALSE(results[1].error().may_have_run());
    // The slot is used the moment that it is free.
    invoker.answer(0);
    results = client.results(2);
    REQUIRE(results.size() == 2);
    CHECK(results[1].output() == "third");
    CHECK(results[1].timings().queued_us() > 0);
}

TEST_CASE("a busy invoker gets the call again", "[queue]")
{
    FakeInvoker invoker;
    invoker.busy = 3;
    FunctionService service(invoker, {});
    ChannelClient client(service);
    client.open();
    client.bind(1, "echo");
    client.call(1, 1, "x");
    CHECK(client.results(1).at(0).output() == "x");
    CHECK(invoker.getRuns()["x"] == 1);
}

TEST_CASE("more capacity starts what waits, and changes the credits", "[queue]")
{
    FakeInvoker invoker;
    invoker.slots = 0;
    ServiceOptions options;
    options.maxQueuedCalls = 10;
    FunctionService service(invoker, options);
    ChannelClient client(service);
    client.open();
    CHECK(client.receive().at(0).welcome().credits() == 10);
    client.bind(1, "echo");
    client.call(1, 1, "x");
    CHECK(client.receive().empty());
    invoker.setSlots(5);
    const auto frames = client.receive();
    REQUIRE(frames.size() == 2);
    CHECK(frames[0].credits() == 15);
    CHECK(frames[0].sequence() == 0);
    CHECK(frames[1].results(0).output() == "x");
}

TEST_CASE("a client that acknowledges nothing has its calls held back",
          "[bounds]")
{
    FakeInvoker invoker;
    ServiceOptions options;
    options.maxRetainedBytes = 1000;
    FunctionService service(invoker, options);
    ChannelClient client(service);
    client.open();
    client.bind(1, "echo");
    client.bind(2, "echo", 30);
    client.call(1, 1, std::string(1500, 'x'));
    CHECK(client.results(1).size() == 1);
    client.call(2, 2, "late", rpc::TIMINGS_LEVEL_BRIEF);
    const auto late = client.results(1).at(0);
    CHECK(late.error().kind() == rpc::ERROR_KIND_TIMEOUT);
    CHECK(late.has_timings());
    client.call(3, 1, "in time");
    client.call(4, 1, std::string(1000, 'x'));
    const auto refused = client.results(1).at(0);
    CHECK(refused.error().kind() == rpc::ERROR_KIND_OVERLOADED);
    CHECK_FALSE(refused.has_timings());
    client.acknowledge(2);
    CHECK(client.results(1).at(0).output() == "in time");
    CHECK(invoker.getNames().size() == 2);
}

TEST_CASE("an output that is far more than may be kept is dropped", "[bounds]")
{
    FakeInvoker invoker;
    ServiceOptions options;
    options.maxRetainedBytes = 1000;
    FunctionService service(invoker, options);
    ChannelClient client(service);
    client.open();
    client.bind(1, "later");
    for (int id = 1; id <= 3; id++) {
        client.call(id, 1, std::string(900, 'x'));
    }
    while (invoker.answer(0)) {
    }
    const auto results = client.results(3);
    REQUIRE(results.size() == 3);
    CHECK(results[1].has_output());
    CHECK(results[2].error().kind() == rpc::ERROR_KIND_OVERLOADED);
    CHECK(results[2].error().may_have_run());
}

TEST_CASE("outputs of all sessions together are bounded", "[bounds]")
{
    FakeInvoker invoker;
    ServiceOptions options;
    options.maxRetainedBytes = 10'000;
    options.maxKeptBytes = 10'000;
    FunctionService service(invoker, options);
    std::vector<std::unique_ptr<ChannelClient>> clients;
    // While nothing is kept, everybody may start calls.
    for (char name = 'a'; name < 'k'; name++) {
        auto client =
          std::make_unique<ChannelClient>(service, std::string(16, name));
        client->open();
        client->bind(1, "later");
        client->call(1, 1, std::string(8000, 'x'));
        clients.push_back(std::move(client));
    }
    while (invoker.answer(0)) {
    }
    size_t outputs = 0;
    for (const auto& client : clients) {
        const auto result = client->results(1).at(0);
        outputs += result.has_output();
        CHECK((result.has_output() ||
               (result.error().kind() == rpc::ERROR_KIND_OVERLOADED &&
                result.error().may_have_run())));
    }
    CHECK(outputs == 3);
    clients.front()->acknowledge(1);
    clients.at(1)->acknowledge(1);
    // Little is taken from everybody, all the time.
    clients.back()->call(2, 1, "small");
    invoker.answer(0);
    CHECK(clients.back()->results(1).at(0).output() == "small");
}

TEST_CASE("inputs that are held back are bounded in all sessions together",
          "[bounds]")
{
    FakeInvoker invoker;
    ServiceOptions options;
    options.maxRetainedBytes = 4'000;
    options.maxKeptBytes = 10'000;
    FunctionService service(invoker, options);
    std::vector<std::unique_ptr<ChannelClient>> clients;
    for (const char name : { 'a', 'b', 'c' }) {
        auto client =
          std::make_unique<ChannelClient>(service, std::string(16, name));
        client->open();
        client->bind(1, "echo");
        // An answer that stays, and calls that wait for that.
        client->call(1, 1, std::string(4'100, 'x'));
        CHECK(client->results(1).at(0).has_output());
        client->call(2, 1, std::string(1'900, 'x'));
        client->call(3, 1, std::string(1'900, 'x'));
        clients.push_back(std::move(client));
    }
    const auto results = clients.back()->results(2);
    REQUIRE(results.size() == 2);
    for (const auto& result : results) {
        CHECK(result.error().kind() == rpc::ERROR_KIND_OVERLOADED);
        CHECK_FALSE(result.error().may_have_run());
    }
    CHECK(keptBytes(service) < 25'000);
    // The others have theirs still.
    clients.front()->acknowledge(1);
    CHECK(clients.front()->results(2).size() == 2);
}

TEST_CASE("bindings of all sessions together are bounded", "[bounds]")
{
    FakeInvoker invoker;
    ServiceOptions options;
    options.maxKeptBytes = 100'000;
    FunctionService service(invoker, options);
    std::vector<std::unique_ptr<ChannelClient>> clients;
    for (char name = 'a'; name < 'f'; name++) {
        auto client =
          std::make_unique<ChannelClient>(service, std::string(16, name));
        client->open();
        for (int id = 1; id <= 500 && !client->stream->call->isOver(); id++) {
            client->bind(id, std::string(100, 'f'));
        }
        clients.push_back(std::move(client));
    }
    CHECK(endOf(*clients.back()) == Code::ResourceExhausted);
    CHECK(keptBytes(service) < 200'000);
    // Who has few is taken.
    ChannelClient modest(service, "modest 456789abc");
    modest.open();
    modest.bind(1, "echo");
    modest.call(1, 1, "x");
    CHECK(modest.results(1).at(0).output() == "x");
    // They go with their stream.
    modest.stream->drop();
    for (const auto& client : clients) {
        client->stream->drop();
    }
    CHECK(keptBytes(service) < 1'000);
}

TEST_CASE("a binding that is sent again takes the place of the old one",
          "[bounds]")
{
    FakeInvoker invoker;
    FunctionService service(invoker, {});
    ChannelClient client(service);
    client.open();
    client.bind(1, "later");
    const auto once = keptBytes(service);
    for (int i = 0; i < 100; i++) {
        client.bind(1, "later");
    }
    CHECK(keptBytes(service) == once);
}

TEST_CASE("a client that does not read is waited for", "[bounds]")
{
    FakeInvoker invoker;
    ServiceOptions options;
    options.maxUnsentBytesPerStream = 2000;
    FunctionService service(invoker, options);
    ChannelClient client(service);
    client.open();
    client.bind(1, "echo");
    client.receive();
    client.stream->call->stall(true);
    for (int id = 1; id <= 5; id++) {
        client.call(id, 1, std::string(600, 'x'));
        client.receive();
    }
    CHECK(client.stream->call->unsentBytes() < 2000);
    client.stream->writable();
    const auto frames = client.receive();
    REQUIRE(frames.size() == 1);
    CHECK(frames[0].results_size() == 3);
}

TEST_CASE("a session without a stream is forgotten, and its calls stopped",
          "[channel]")
{
    FakeInvoker invoker;
    ServiceOptions options;
    options.resumeWindow = std::chrono::milliseconds(20);
    FunctionService service(invoker, options);
    ChannelClient client(service);
    client.open();
    client.bind(1, "later");
    client.call(1, 1, "x");
    CHECK(invoker.running() == 1);
    client.stream->drop();
    for (int i = 0; i < 60'000 && service.sessions() > 0; i++) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    CHECK(service.sessions() == 0);
    for (int i = 0; i < 60'000 && invoker.running() > 0; i++) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    CHECK(invoker.running() == 0);
}

TEST_CASE("a half-closed stream ends when everything is answered", "[channel]")
{
    FakeInvoker invoker;
    FunctionService service(invoker, {});
    ChannelClient client(service);
    client.open();
    client.bind(1, "later");
    client.call(1, 1, "x");
    client.stream->end();
    std::this_thread::sleep_for(std::chrono::milliseconds(40));
    client.receive();
    CHECK_FALSE(client.stream->call->isOver());
    invoker.answer(0);
    CHECK(client.results(1).size() == 1);
    CHECK(client.stream->call->isOver());
    CHECK_FALSE(client.stream->call->getError());
    CHECK(service.sessions() == 0);
}

TEST_CASE("an abort that begins with a half-close leaves the session",
          "[channel]")
{
    FakeInvoker invoker;
    FunctionService service(invoker, {});
    ChannelClient client(service);
    client.open();
    client.stream->end();
    client.receive();
    client.stream->drop();
    CHECK(service.sessions() == 1);
}

TEST_CASE("a drain sends clients away and waits for their answers", "[channel]")
{
    FakeInvoker invoker;
    FunctionService service(invoker, {});
    ChannelClient client(service);
    client.open();
    client.bind(1, "later");
    client.call(1, 1, "x");
    client.receive();
    std::thread draining([&] { service.drain(std::chrono::seconds(60)); });
    std::vector<rpc::ChannelResponse> frames;
    while (frames.empty()) {
        frames = client.receive();
    }
    CHECK(frames.at(0).go_away().last_call_id() == 1);
    CHECK(frames.at(0).go_away().grace_ms() > 0);
    // It has not been received.
    client.call(2, 1, "y");
    CHECK(invoker.running() == 1);
    ChannelClient late(service, "fedcba9876543210");
    late.open();
    CHECK(endOf(late) == Code::Unavailable);
    invoker.answer(0);
    CHECK(client.results(1).at(0).output() == "x");
    client.acknowledge(1);
    client.stream->end();
    draining.join();
    service.close();
    client.receive();
    CHECK(client.stream->call->isOver());
}

TEST_CASE("a service may end while its timers fire", "[channel]")
{
    for (int i = 0; i < 200; i++) {
        FakeInvoker invoker;
        invoker.busy = 1;
        FunctionService service(invoker, {});
        ChannelClient client(service);
        client.open();
        client.bind(1, "echo");
        // It is submitted again in 5 ms, by a timer.
        client.call(1, 1, "x");
        std::this_thread::sleep_for(std::chrono::microseconds(4'900 + i));
    }
}
