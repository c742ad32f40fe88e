#include <hono_faasm/run_link.h>

#include <catch2/catch.hpp>
#include <google/protobuf/wrappers.pb.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

using google::protobuf::BytesValue;
using hono_faasm::RunLink;

namespace {

std::array<int, 2> socketPair()
{
    std::array<int, 2> sockets{};
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets.data()) == 0);
    return sockets;
}

BytesValue message(std::string value)
{
    BytesValue made;
    made.set_value(std::move(value));
    return made;
}

std::string receive(RunLink& link)
{
    std::string bytes;
    REQUIRE(link.receive(bytes));
    BytesValue parsed;
    REQUIRE(parsed.ParseFromString(bytes));
    return parsed.value();
}

void write(int socket, const std::string& bytes)
{
    REQUIRE(::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(bytes.size()));
}

std::string framed(const std::string& message)
{
    const auto length = static_cast<uint32_t>(message.size());
    std::string bytes(sizeof(length), '\0');
    std::memcpy(bytes.data(), &length, sizeof(length));
    return bytes + message;
}

}

TEST_CASE("messages arrive whole and in order, whatever their length",
          "[run_link]")
{
    const auto [one, other] = socketPair();
    RunLink from(one);
    RunLink to(other);
    // About the length of the buffer that they are read into, and far longer.
    const std::vector<size_t> lengths{ 0,      1,         3,      100,
                                       65'526, 65'529,    65'530, 65'536,
                                       0,      5'000'000, 7 };
    std::thread sender([&] {
        for (const auto length : lengths) {
            from.send(message(std::string(length, 'x')));
        }
    });
    for (const auto length : lengths) {
        CHECK(receive(to) == std::string(length, 'x'));
    }
    sender.join();
}

TEST_CASE("messages of many threads are not mixed", "[run_link]")
{
    constexpr int THREADS = 4;
    constexpr int EACH = 200;
    const auto [one, other] = socketPair();
    RunLink from(one);
    RunLink to(other);
    std::vector<std::thread> senders;
    for (int i = 0; i < THREADS; i++) {
        senders.emplace_back([&from, i] {
            for (int n = 0; n < EACH; n++) {
                from.send(
                  message(std::string(n * 37, static_cast<char>('a' + i))));
            }
        });
    }
    std::array<int, THREADS> next{};
    for (int n = 0; n < THREADS * EACH; n++) {
        const auto value = receive(to);
        if (value.empty()) {
            continue;
        }
        auto& expected = next.at(value[0] - 'a');
        expected++;
        CHECK(value == std::string(expected * 37, value[0]));
    }
    for (auto& sender : senders) {
        sender.join();
    }
    CHECK(next ==
          std::array<int, THREADS>{ EACH - 1, EACH - 1, EACH - 1, EACH - 1 });
}

TEST_CASE("a message that comes byte by byte is one", "[run_link]")
{
    const auto [one, other] = socketPair();
    RunLink link(other);
    std::thread sender([socket = one] {
        for (const char byte : framed("slow") + framed("er")) {
            ::send(socket, &byte, 1, MSG_NOSIGNAL);
        }
    });
    std::string bytes;
    CHECK(link.receive(bytes));
    CHECK(bytes == "slow");
    CHECK(link.receive(bytes));
    CHECK(bytes == "er");
    sender.join();
    ::close(one);
}

TEST_CASE("a length beyond all bounds ends the link", "[run_link]")
{
    const auto [one, other] = socketPair();
    RunLink link(other);
    write(one, "\xff\xff\xff\xff");
    std::string bytes;
    CHECK_FALSE(link.receive(bytes));
    CHECK(link.hasEnded());
    ::close(one);
}

TEST_CASE("a message that is cut off is none", "[run_link]")
{
    const auto [one, other] = socketPair();
    RunLink link(other);
    write(one, framed("whole").substr(0, 7));
    ::close(one);
    std::string bytes;
    CHECK_FALSE(link.receive(bytes));
    CHECK(link.hasEnded());
}

TEST_CASE("nothing is sent once the link has ended", "[run_link]")
{
    const auto [one, other] = socketPair();
    RunLink link(one);
    SECTION("here")
    {
        link.end();
        CHECK_FALSE(link.send(message("late")));
    }
    SECTION("there")
    {
        {
            RunLink gone(other);
        }
        CHECK_FALSE(link.send(message("late")));
        CHECK(link.hasEnded());
    }
}

TEST_CASE("a thread that waits for a message is told of the end", "[run_link]")
{
    const auto [one, other] = socketPair();
    RunLink link(one);
    RunLink there(other);
    std::thread receiver([&link] {
        std::string bytes;
        CHECK_FALSE(link.receive(bytes));
    });
    link.end();
    receiver.join();
}

TEST_CASE("an end that takes nothing is given up", "[run_link]")
{
    const auto [one, other] = socketPair();
    RunLink link(one);
    RunLink stuck(other);
    CHECK_FALSE(link.send(message(std::string(10'000'000, 'x'))));
    CHECK(link.hasEnded());
}
