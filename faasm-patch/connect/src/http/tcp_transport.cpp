#include "transport.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>

namespace connectrpc::http {

namespace {

namespace asio = boost::asio;

class TcpTransport final : public Transport
{
  public:
    TcpTransport(Socket socket, std::string& buffer)
      : socket(std::move(socket))
      , buffer(buffer)
    {
        Error ignored;
        this->socket.non_blocking(true, ignored);
    }

    void handshake(Listener listener) override { listener->onWritten({}, 0); }

    std::string certificateSubject() override { return {}; }

    // Waits without a buffer, so that a connection that is silent costs none.
    void read(Listener listener) override
    {
        socket.async_wait(
          Socket::wait_read,
          [this, listener = std::move(listener)](Error error) mutable {
              size_t count = 0;
              if (!error) {
                  count = socket.read_some(asio::buffer(buffer), error);
              }
              if (error == asio::error::would_block) {
                  read(std::move(listener));
              } else {
                  listener->onRead(error, { buffer.data(), count });
              }
          });
    }

    size_t writeNow(std::string_view bytes, Error& error) override
    {
        const size_t count =
          socket.write_some(asio::buffer(bytes.data(), bytes.size()), error);
        if (error == asio::error::would_block) {
            error.clear();
            return 0;
        }
        return count;
    }

    void write(std::string_view bytes, Listener listener) override
    {
        socket.async_write_some(
          asio::buffer(bytes.data(), bytes.size()),
          [listener = std::move(listener)](const Error& error, size_t count) {
              listener->onWritten(error, count);
          });
    }

    void shutdown(Listener /*listener*/) override
    {
        Error ignored;
        socket.shutdown(Socket::shutdown_send, ignored);
    }

    void close() override
    {
        Error ignored;
        socket.close(ignored);
    }

  private:
    Socket socket;
    std::string& buffer;
};

}

std::unique_ptr<Transport> makeTcpTransport(Transport::Socket socket,
                                            std::string& buffer)
{
    return std::make_unique<TcpTransport>(std::move(socket), buffer);
}

}
