// Bytes of an HTTP/2 connection, after its preface, against a whole server: the
// input goes through a socket to nghttp2 and on to the protocols. The input is
// done when the server has closed, which it has to once the client has.

#include "input.h"

#include <connect/server.h>

#include <cerrno>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <string_view>

namespace {

using namespace connectrpc;

class Echo : public CallHandler
{
  public:
    explicit Echo(std::shared_ptr<Call> call)
      : call(std::move(call))
    {}

    void onMessage(std::string message) override
    {
        call->send(std::move(message));
    }

    void onEnd() override { call->finish(); }

    void onClosed(std::optional<Error> /*reason*/) override { call.reset(); }

  private:
    std::shared_ptr<Call> call;
};

Server& server()
{
    static Server* running = [] {
        ServerOptions options;
        options.ioThreads = 1;
        options.maxMessageBytes = 64 * 1024;
        options.maxStreamsPerConnection = 10;
        auto* made = new Server(options);
        const HandlerFactory echo = [](std::shared_ptr<Call> call) {
            return std::make_shared<Echo>(std::move(call));
        };
        made->addMethod({ "/s/u", StreamKind::Unary, true }, echo);
        made->addMethod({ "/s/b", StreamKind::BidiStream }, echo);
        made->listen();
        return made;
    }();
    return *running;
}

int connectToServer()
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server().port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    // It fails at times when the machine is busy, or libFuzzer's timer fires.
    for (int attempt = 0; attempt < 1000; attempt++) {
        const int client = ::socket(AF_INET, SOCK_STREAM, 0);
        if (::connect(client,
                      reinterpret_cast<sockaddr*>(&address),
                      sizeof(address)) == 0) {
            return client;
        }
        ::close(client);
        ::usleep(10'000);
    }
    fuzz::require(false, "the server accepts");
    return -1;
}

constexpr std::string_view preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    const int client = connectToServer();
    const int on = 1;
    ::setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    // Closing leaves no TIME_WAIT: there are as many runs as ports per second.
    const linger atOnce{ 1, 0 };
    ::setsockopt(client, SOL_SOCKET, SO_LINGER, &atOnce, sizeof(atOnce));
    // A server that does not close in time is a hang.
    const timeval patience{ 5, 0 };
    ::setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));

    std::string bytes(preface);
    bytes.append(reinterpret_cast<const char*>(data), size);
    (void)::send(client, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    ::shutdown(client, SHUT_WR);
    char answer[16 * 1024];
    ssize_t read = 0;
    // libFuzzer's own timer interrupts.
    do {
        read = ::recv(client, answer, sizeof(answer), 0);
    } while (read > 0 || (read < 0 && errno == EINTR));
    fuzz::require(read == 0 || errno == ECONNRESET,
                  "the server closes after the client has");
    ::close(client);
    return 0;
}
