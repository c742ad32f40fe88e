#include "transport.h"

#include "tls_context.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <array>

namespace connectrpc::http {

namespace {

namespace asio = boost::asio;

// One TLS record's payload.
constexpr size_t recordBytes = 16 * 1024;

class TlsTransport final : public Transport
{
  public:
    TlsTransport(Socket socket, asio::ssl::context& context)
      : stream(std::move(socket), context)
    {}

    void handshake(Listener listener) override
    {
        stream.async_handshake(
          asio::ssl::stream_base::server,
          [this, listener = std::move(listener)](Error error) {
              if (!error && !speaksHttp2(stream.native_handle())) {
                  error = asio::error::no_protocol_option;
              }
              listener->onWritten(error, 0);
          });
    }

    std::string certificateSubject() override
    {
        return subjectOfPeer(stream.native_handle());
    }

    void read(Listener listener) override
    {
        stream.async_read_some(
          asio::buffer(buffer),
          [this, listener = std::move(listener)](const Error& error,
                                                 size_t count) {
              listener->onRead(error, { buffer.data(), count });
          });
    }

    // Asio's TLS stream loses what a socket does not take at once.
    size_t writeNow(std::string_view /*bytes*/, Error& /*error*/) override
    {
        return 0;
    }

    void write(std::string_view bytes, Listener listener) override
    {
        stream.async_write_some(
          asio::buffer(bytes.data(), bytes.size()),
          [listener = std::move(listener)](const Error& error, size_t count) {
              listener->onWritten(error, count);
          });
    }

    void shutdown(Listener listener) override
    {
        // Waits for the peer's close_notify; `close` ends that.
        stream.async_shutdown(
          [listener = std::move(listener)](const Error& /*error*/) {});
    }

    void close() override
    {
        Error ignored;
        stream.next_layer().close(ignored);
    }

  private:
    asio::ssl::stream<Socket> stream;
    std::array<char, recordBytes> buffer;
};

}

std::unique_ptr<Transport> makeTlsTransport(Transport::Socket socket,
                                            asio::ssl::context& context)
{
    return std::make_unique<TlsTransport>(std::move(socket), context);
}

}
